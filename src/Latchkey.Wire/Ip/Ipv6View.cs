using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A checked look at an IPv6 packet (RFC 8200 §3). Octets behind the payload length are not part of it.</summary>
/// <remarks>Jumbograms (RFC 2675) are not accepted: their payload length of zero is taken as it stands.</remarks>
public readonly ref struct Ipv6View
{
    public const int HeaderLength = 40;

    private readonly ReadOnlySpan<byte> _packet;

    private Ipv6View(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>The packet, as long as its payload length says.</summary>
    public ReadOnlySpan<byte> Packet => _packet;

    public byte TrafficClass => (byte)(BinaryPrimitives.ReadUInt16BigEndian(_packet) >> 4);

    /// <summary>20 bits.</summary>
    public int FlowLabel => (int)(BinaryPrimitives.ReadUInt32BigEndian(_packet) & 0xFFFFF);

    public IpProtocol NextHeader => (IpProtocol)_packet[6];

    public byte HopLimit => _packet[7];

    public InetAddress Source => InetAddress.FromBytes(_packet.Slice(8, 16));

    public InetAddress Destination => InetAddress.FromBytes(_packet.Slice(24, 16));

    public ReadOnlySpan<byte> Payload => _packet[HeaderLength..];

    /// <summary>False when the version is not 6, or the payload length exceeds the octets there are.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out Ipv6View view)
    {
        view = default;
        if (bytes.Length < HeaderLength || bytes[0] >> 4 != 6)
        {
            return false;
        }

        var length = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length > bytes.Length)
        {
            return false;
        }

        view = new(bytes[..length]);
        return true;
    }
}
