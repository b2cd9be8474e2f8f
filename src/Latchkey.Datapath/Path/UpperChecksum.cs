using System.Buffers.Binary;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Checksums that cover addresses which a NAT changed on the way (RFC 3948 §3.1.2). The addresses the sender reckoned with
/// are not always known, and ESP has proved the packet whole, so the checksum is made anew.
/// </summary>
internal static class UpperChecksum
{
    private const int InTcp = 16;
    private const int InUdp = 6;
    private const int InIcmp6 = 2;

    /// <param name="upper">The packet's upper layer.</param>
    public static void Renew(Span<byte> upper, in IpPacket packet)
    {
        if (Position(packet.Protocol) is not { } position || upper.Length < position + sizeof(ushort))
        {
            return;
        }

        var field = upper.Slice(position, sizeof(ushort));
        if (packet.Protocol == IpProtocol.Udp && !packet.IsV6 && BinaryPrimitives.ReadUInt16BigEndian(field) == 0)
        {
            return; // the sender made none (RFC 768)
        }

        field.Clear();
        var checksum = InternetChecksum.OfUpperLayer(packet.Source, packet.Destination, packet.Protocol, upper);
        BinaryPrimitives.WriteUInt16BigEndian(field, checksum == 0 && packet.Protocol == IpProtocol.Udp ? ushort.MaxValue : checksum);
    }

    private static int? Position(IpProtocol protocol) => protocol switch
    {
        IpProtocol.Tcp => InTcp,
        IpProtocol.Udp => InUdp,
        IpProtocol.Icmp6 => InIcmp6,
        _ => null,
    };
}
