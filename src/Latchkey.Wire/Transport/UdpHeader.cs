using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A UDP header to be written (RFC 768).</summary>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort)
{
    /// <summary>Writes the header with its checksum; the payload already lies behind it in <paramref name="datagram"/>.</summary>
    /// <param name="datagram">The whole datagram, header included, at most 65535 octets.</param>
    public void Write(Span<byte> datagram, InetAddress source, InetAddress destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(datagram.Length, ushort.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(datagram, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[4..], (ushort)datagram.Length);
        datagram[6] = datagram[7] = 0;
        var checksum = InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Udp, datagram);
        // Zero means "no checksum", so a sum of zero is sent as all ones.
        BinaryPrimitives.WriteUInt16BigEndian(datagram[6..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }
}
