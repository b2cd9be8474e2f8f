using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Key vouchers in IKE_AUTH messages (docs/key-vouchers.md), for peers that announced our Vendor ID.</summary>
internal static class VoucherNotify
{
    private const NotifyType Type = (NotifyType)61441;

    /// <summary>Those of our former keys; nothing for who would not understand them.</summary>
    public static IEnumerable<IkePayload> Ours(HostContext context, InitResult init) =>
        init.PeerIsLatchkey ? context.Settings.Vouchers.Select(voucher => new NotifyPayload(Type, voucher.ToBytes())) : [];

    /// <summary>The peer's, so far as they can be read. No more are looked at than a chain may have.</summary>
    public static ImmutableArray<KeyVoucher> Read(InitResult init, PayloadSet payloads)
    {
        if (!init.PeerIsLatchkey)
        {
            return [];
        }

        var vouchers = ImmutableArray.CreateBuilder<KeyVoucher>();
        foreach (var notify in payloads.Notifies(Type).Take(KeyVoucher.ChainMaximum))
        {
            if (KeyVoucher.TryRead(notify.Data, out var voucher))
            {
                vouchers.Add(voucher);
            }
        }

        return vouchers.ToImmutable();
    }
}
