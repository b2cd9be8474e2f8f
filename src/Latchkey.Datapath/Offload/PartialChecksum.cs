using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Completes a checksum that the sender's stack left to its device.</summary>
internal static class PartialChecksum
{
    private const int TcpField = 16;
    private const int UdpField = 6;

    /// <summary>Ports lie in front of this in every protocol that has them.</summary>
    private const int EndOfPorts = 4;

    /// <returns>
    /// False when the field lies outside the packet, or where it would change what the packet was judged by: its flow is
    /// looked up before, and must be the same afterwards.
    /// </returns>
    public static bool TryComplete(Span<byte> octets, in IpPacket packet, PacketOffload offload)
    {
        var at = offload.ChecksumStart + offload.ChecksumOffset;
        if (offload.ChecksumStart < packet.UpperOffset || at + sizeof(ushort) > octets.Length || !MayLieAt(at - packet.UpperOffset, octets, packet))
        {
            return false;
        }

        // The field holds the pseudo header's sum and is summed with the rest. To UDP, zero would mean "no checksum" (RFC
        // 768); to the others, all ones are as good a zero.
        var checksum = InternetChecksum.Of(octets[offload.ChecksumStart..]);
        BinaryPrimitives.WriteUInt16BigEndian(octets[at..], checksum == 0 ? ushort.MaxValue : checksum);
        return true;
    }

    /// <summary>The protocol's own field, or one of a protocol that it carries, as a tunnel does.</summary>
    private static bool MayLieAt(int field, ReadOnlySpan<byte> octets, in IpPacket packet) => packet.Protocol switch
    {
        IpProtocol.Tcp => field == TcpField || (TcpView.TryCreate(octets[packet.UpperOffset..], out var tcp) && field >= tcp.HeaderLength),
        IpProtocol.Udp => field is UdpField or >= UdpView.HeaderLength,
        IpProtocol.Sctp => field >= EndOfPorts,
        _ => true,
    };
}
