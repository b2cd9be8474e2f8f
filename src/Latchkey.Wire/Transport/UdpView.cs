using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A checked look at a UDP datagram (RFC 768). Octets behind its length are not part of it.</summary>
public readonly ref struct UdpView
{
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _datagram;

    private UdpView(ReadOnlySpan<byte> datagram) => _datagram = datagram;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_datagram);

    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_datagram[2..]);

    /// <summary>Header and payload.</summary>
    public int Length => _datagram.Length;

    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_datagram[6..]);

    public ReadOnlySpan<byte> Payload => _datagram[HeaderLength..];

    /// <summary>True also when the sender left the checksum out, which only IPv4 allows (RFC 768; RFC 8200 §8.1).</summary>
    public bool HasValidChecksum(InetAddress source, InetAddress destination) =>
        (Checksum == 0 && source.IsV4)
        || (Checksum != 0 && InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Udp, _datagram) == 0);

    /// <summary>False when the length field contradicts the octets there are.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out UdpView view)
    {
        view = default;
        if (bytes.Length < HeaderLength)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length < HeaderLength || length > bytes.Length)
        {
            return false;
        }

        view = new(bytes[..length]);
        return true;
    }
}
