using System.Security.Cryptography;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP (RFC 7296 §2.23).</summary>
internal static class NatDetection
{
    public const ushort IkePort = 500;
    public const ushort EncapsulationPort = 4500;

    private const int HashLength = 20;

    /// <param name="pretendNat">
    /// Send a hash that matches nothing, so that the peer sees a NAT in front of us and both sides encapsulate.
    /// </param>
    public static IEnumerable<IkePayload> Payloads(HostContext context, ulong spiI, ulong spiR, InetEndpoint local, InetEndpoint remote, bool pretendNat) =>
    [
        new NotifyPayload(NotifyType.NatDetectionSourceIp, pretendNat ? context.RandomOctets(HashLength) : Hash(spiI, spiR, local)),
        new NotifyPayload(NotifyType.NatDetectionDestinationIp, Hash(spiI, spiR, remote)),
    ];

    /// <summary>True when an address or port differs from what the peer believes. A peer that sends no hashes knows no NAT traversal.</summary>
    public static bool SeesNat(PayloadSet payloads, ulong spiI, ulong spiR, InetEndpoint local, InetEndpoint remote)
    {
        var sources = payloads.Notifies(NotifyType.NatDetectionSourceIp).ToList();
        var destinations = payloads.Notifies(NotifyType.NatDetectionDestinationIp).ToList();
        if (sources.Count == 0 || destinations.Count == 0)
        {
            return false;
        }

        // A peer with several addresses sends one source hash for each.
        var theirs = Hash(spiI, spiR, remote);
        var ours = Hash(spiI, spiR, local);
        return !sources.Any(n => n.Data.AsSpan().SequenceEqual(theirs)) || !destinations.Any(n => n.Data.AsSpan().SequenceEqual(ours));
    }

    // SHA-1 is what the protocol fixes here; it hides an address from no one and proves nothing.
    private static byte[] Hash(ulong spiI, ulong spiR, InetEndpoint endpoint)
    {
        var writer = new IkeWriter();
        writer.U64(spiI);
        writer.U64(spiR);
        writer.Octets(endpoint.Address.ToBytes());
        writer.U16(endpoint.Port);
#pragma warning disable CA5350 // fixed by RFC 7296 §2.23
        return SHA1.HashData(writer.ToArray());
#pragma warning restore CA5350
    }
}
