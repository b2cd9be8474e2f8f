using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>The first eight octets of an ICMP or ICMPv6 message, to be written.</summary>
/// <param name="Parameter">The second word; see <see cref="IcmpView.Parameter"/>.</param>
public readonly record struct IcmpHeader(byte Type, byte Code, uint Parameter)
{
    public static IcmpHeader PortUnreachableV4 =>
        new((byte)IcmpType.DestinationUnreachable, (byte)IcmpUnreachableCode.Port, 0);

    public static IcmpHeader PortUnreachableV6 =>
        new((byte)Icmp6Type.DestinationUnreachable, (byte)Icmp6UnreachableCode.Port, 0);

    /// <summary>Writes the header and the checksum of ICMP; the body already lies behind it in <paramref name="message"/>.</summary>
    public void WriteV4(Span<byte> message)
    {
        WriteFields(message);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Of(message));
    }

    /// <summary>Writes the header and the checksum of ICMPv6; the body already lies behind it in <paramref name="message"/>.</summary>
    public void WriteV6(Span<byte> message, InetAddress source, InetAddress destination)
    {
        WriteFields(message);
        BinaryPrimitives.WriteUInt16BigEndian(
            message[2..], InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Icmp6, message));
    }

    private void WriteFields(Span<byte> message)
    {
        message[0] = Type;
        message[1] = Code;
        message[2] = message[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], Parameter);
    }
}
