using System.Buffers.Binary;
using System.Collections.Immutable;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>The notifies of MOBIKE (RFC 4555 §4).</summary>
internal static class Mobility
{
    /// <summary>Of further addresses so many are told, and of a peer's so many remembered.</summary>
    private const int AddressMaximum = 8;

    private static NotifyPayload Supported { get; } = new(NotifyType.MobikeSupported);

    public static NotifyPayload Update { get; } = new(NotifyType.UpdateSaAddresses);

    /// <summary>That we speak it, and where else we are.</summary>
    public static IEnumerable<IkePayload> Offer(HostContext context, IkeSa sa)
    {
        var others = Tell(context, sa, sa.Local, sa.Remote);
        return sa.ToldAddresses.IsEmpty ? [Supported] : [Supported, .. others];
    }

    /// <summary>Where else we are when we are at <paramref name="local"/>; or that we are nowhere else.</summary>
    public static IEnumerable<IkePayload> Tell(HostContext context, IkeSa sa, InetEndpoint local, InetEndpoint remote) =>
        Additional(sa.ToldAddresses = Others(context, local, remote));

    /// <summary>What the peer was told of our addresses is not so any more.</summary>
    public static bool IsNews(HostContext context, IkeSa sa) => !Others(context, sa.Local, sa.Remote).SequenceEqual(sa.ToldAddresses);

    public static bool IsSupported(PayloadSet payloads) => payloads.Has(NotifyType.MobikeSupported);

    /// <returns>Null when the message says nothing of further addresses: those that are known hold (RFC 4555 §3.6).</returns>
    public static ImmutableArray<InetAddress>? ReadAdditional(PayloadSet payloads)
    {
        var four = payloads.Notifies(NotifyType.AdditionalIp4Address).ToList();
        var six = payloads.Notifies(NotifyType.AdditionalIp6Address).ToList();
        return four.Count + six.Count == 0 && !payloads.Has(NotifyType.NoAdditionalAddresses)
            ? null
            : [.. four.Concat(six).Where(n => n.Data.Length is 4 or 16).Select(n => InetAddress.FromBytes(n.Data)).Distinct().Take(AddressMaximum)];
    }

    /// <summary>Whether what a message says of MOBIKE has the form that it must have.</summary>
    public static bool IsWellFormed(PayloadSet payloads) =>
        payloads.Notifies(NotifyType.Cookie2).Take(2).ToList() is [] or [{ Data.Length: >= 8 and <= 64 }]
        && payloads.Notifies(NotifyType.AdditionalIp4Address).All(n => n.Data.Length == 4)
        && payloads.Notifies(NotifyType.AdditionalIp6Address).All(n => n.Data.Length == 16)
        && payloads.Notifies(NotifyType.NoNatsAllowed).All(n => n.Data.Length is 12 or 36);

    /// <summary>NO_NATS_ALLOWED names other ends than the packet came between: both addresses, then both ports, the sender's first (RFC 4555 §3.9).</summary>
    public static bool ForbidsNat(PayloadSet payloads, InetEndpoint local, InetEndpoint remote) =>
        payloads.Notify(NotifyType.NoNatsAllowed) is { } notify && !notify.Data.AsSpan().SequenceEqual(Ends(remote, local));

    /// <summary>Where else than at the address it is sent from we can be reached (RFC 4555 §3.4).</summary>
    private static IEnumerable<IkePayload> Additional(ImmutableArray<InetAddress> addresses) => addresses.IsEmpty
        ? [new NotifyPayload(NotifyType.NoAdditionalAddresses)]
        : addresses.Select(a => new NotifyPayload(a.IsV4 ? NotifyType.AdditionalIp4Address : NotifyType.AdditionalIp6Address, a.ToBytes()));

    private static ImmutableArray<InetAddress> Others(HostContext context, InetEndpoint local, InetEndpoint remote) =>
        [.. context.Policy.OtherAddresses(local.Address, remote.Address).Take(AddressMaximum)];

    private static byte[] Ends(InetEndpoint source, InetEndpoint destination)
    {
        Span<byte> ports = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(ports, source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(ports[2..], destination.Port);
        return [.. source.Address.ToBytes(), .. destination.Address.ToBytes(), .. ports];
    }
}
