using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What both sides of IKE_SA_INIT share (RFC 7296 §1.2, RFC 7427 §4).</summary>
internal static class InitMessages
{
    /// <summary>What we can verify: SHA2-256, SHA2-384, SHA2-512 and Identity, for Ed25519 (RFC 8420).</summary>
    private static readonly ushort[] OurHashes = [2, 3, 4, 5];

    public static NotifyPayload SignatureHashes()
    {
        var data = new byte[OurHashes.Length * 2];
        for (var i = 0; i < OurHashes.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(i * 2), OurHashes[i]);
        }

        return new NotifyPayload(NotifyType.SignatureHashAlgorithms, data);
    }

    /// <summary>We understand messages in fragments (RFC 7383 §2.3).</summary>
    public static NotifyPayload Fragmentation { get; } = new(NotifyType.IkeV2FragmentationSupported);

    public static bool Fragments(PayloadSet payloads) => payloads.Has(NotifyType.IkeV2FragmentationSupported);

    public static IReadOnlyList<ushort> PeerHashes(PayloadSet payloads)
    {
        var data = payloads.Notify(NotifyType.SignatureHashAlgorithms)?.Data ?? [];
        return [.. Enumerable.Range(0, data.Length / 2).Select(i => BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(i * 2)))];
    }

    /// <summary>The first generation of keys (RFC 7296 §2.14). Clears <paramref name="shared"/>.</summary>
    public static Generation MakeGeneration(
        HostContext context, IkeSa sa, IkeSuite suite, SecretBytes shared, byte[] nonceI, byte[] nonceR, ulong spiI, ulong spiR)
    {
        using (shared)
        {
            using var seed = IkeKeyDerivation.SkeySeed(suite.Prf, nonceI, nonceR, shared.Span);
            var keys = IkeKeyDerivation.IkeKeys(suite.Prf, suite.Encryption, seed.Span, nonceI, nonceR, SpiOctets(spiI), SpiOctets(spiR));
            return new Generation(context, sa, spiI, spiR, sa.Initiated, suite, keys, firstId: 1);
        }
    }

    public static byte[] SpiOctets(ulong spi)
    {
        var octets = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(octets, spi);
        return octets;
    }
}
