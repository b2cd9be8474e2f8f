using System.Security.Cryptography;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP (RFC 7296 §2.23).</summary>
internal static class NatDetection
{
    public const ushort IkePort = 500;
    public const ushort EncapsulationPort = 4500;

    /// <summary>No datagram comes from port 0.</summary>
    private const ushort PretendedPort = 0;

    /// <param name="pretendNat">
    /// Claim a source port that no datagram has, so that the peer sees a NAT in front of us and both sides encapsulate. The
    /// address is the true one: whoever knows the trick can still tell whether a NAT changed it on the way.
    /// </param>
    public static IEnumerable<IkePayload> Payloads(ulong spiI, ulong spiR, InetEndpoint local, InetEndpoint remote, bool pretendNat) =>
    [
        new NotifyPayload(NotifyType.NatDetectionSourceIp, Hash(spiI, spiR, pretendNat ? local with { Port = PretendedPort } : local)),
        new NotifyPayload(NotifyType.NatDetectionDestinationIp, Hash(spiI, spiR, remote)),
    ];

    /// <summary>What the peer's hashes say of the path. A peer that sends none knows no NAT traversal.</summary>
    public static NatFindings Read(PayloadSet payloads, ulong spiI, ulong spiR, InetEndpoint local, InetEndpoint remote)
    {
        var sources = payloads.Notifies(NotifyType.NatDetectionSourceIp).ToList();
        var destinations = payloads.Notifies(NotifyType.NatDetectionDestinationIp).ToList();
        if (sources.Count == 0 || destinations.Count == 0)
        {
            return default;
        }

        // A peer with several addresses sends one source hash for each.
        var asSeen = Says(sources, remote);
        return new NatFindings(
            MustEncapsulate: !asSeen || !Says(destinations, local),
            new NatSides(Here: !Says(destinations, local), There: !asSeen && !Says(sources, remote with { Port = PretendedPort })));

        bool Says(List<NotifyPayload> hashes, InetEndpoint endpoint)
        {
            var hash = Hash(spiI, spiR, endpoint);
            return hashes.Any(n => n.Data.AsSpan().SequenceEqual(hash));
        }
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

/// <summary>What IKE_SA_INIT found out about NATs.</summary>
/// <param name="MustEncapsulate">ESP must travel in UDP: a NAT is there, or is pretended.</param>
internal readonly record struct NatFindings(bool MustEncapsulate, NatSides Sides);
