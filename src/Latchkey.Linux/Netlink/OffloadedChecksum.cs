using System.Buffers.Binary;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>
/// The checksum of a TCP or UDP packet that was taken from the middle of the kernel. Between virtual machines and
/// containers it may hold only the sum of the pseudo header, for a network card to complete (CHECKSUM_PARTIAL).
/// </summary>
internal static class OffloadedChecksum
{
    /// <summary>Completes the checksum where that is due.</summary>
    /// <returns>False when the packet is not whole, of another protocol, or damaged.</returns>
    public static bool TryComplete(Span<byte> packet)
    {
        if (IpPacket.Read(packet, out var parsed) != IpPacketKind.Whole || parsed.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp))
        {
            return false;
        }

        var upper = packet[parsed.UpperOffset..parsed.Length];
        var field = upper.Slice(parsed.Protocol == IpProtocol.Tcp ? 16 : 6, 2);
        var stored = BinaryPrimitives.ReadUInt16BigEndian(field);
        if ((stored == 0 && parsed.Protocol == IpProtocol.Udp && !parsed.IsV6)
            || InternetChecksum.OfUpperLayer(parsed.Source, parsed.Destination, parsed.Protocol, upper) == 0)
        {
            return true;
        }

        if (stored != (ushort)~InternetChecksum.Finish(InternetChecksum.PseudoHeader(parsed.Source, parsed.Destination, parsed.Protocol, upper.Length)))
        {
            return false;
        }

        field.Clear();
        var sum = InternetChecksum.OfUpperLayer(parsed.Source, parsed.Destination, parsed.Protocol, upper);

        // In UDP 0 means that there is none (RFC 768).
        BinaryPrimitives.WriteUInt16BigEndian(field, sum == 0 ? (ushort)0xFFFF : sum);
        return true;
    }
}
