using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A checked look at an IPv4 packet (RFC 791 §3.1). Octets behind the total length are not part of it.</summary>
public readonly ref struct Ipv4View
{
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> _packet;

    private Ipv4View(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>The packet, as long as its total length says.</summary>
    public ReadOnlySpan<byte> Packet => _packet;

    public int HeaderLength => (_packet[0] & 0x0F) * 4;

    public byte TypeOfService => _packet[1];

    public int TotalLength => _packet.Length;

    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_packet[4..]);

    public bool DontFragment => (_packet[6] & 0x40) != 0;

    public bool MoreFragments => (_packet[6] & 0x20) != 0;

    /// <summary>Where this fragment's payload belongs, in octets.</summary>
    public int FragmentOffset => (BinaryPrimitives.ReadUInt16BigEndian(_packet[6..]) & 0x1FFF) * 8;

    public bool IsFragment => MoreFragments || FragmentOffset != 0;

    public byte TimeToLive => _packet[8];

    public IpProtocol Protocol => (IpProtocol)_packet[9];

    public InetAddress Source => InetAddress.FromBytes(_packet.Slice(12, 4));

    public InetAddress Destination => InetAddress.FromBytes(_packet.Slice(16, 4));

    public ReadOnlySpan<byte> Options => _packet[MinimumHeaderLength..HeaderLength];

    public ReadOnlySpan<byte> Payload => _packet[HeaderLength..];

    public bool HasValidChecksum => InternetChecksum.Of(_packet[..HeaderLength]) == 0;

    /// <summary>False when the version is not 4, or the header length or total length contradicts the octets there are.</summary>
    /// <remarks>The header checksum is a separate question: <see cref="HasValidChecksum"/>.</remarks>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out Ipv4View view)
    {
        view = default;
        if (bytes.Length < MinimumHeaderLength || bytes[0] >> 4 != 4)
        {
            return false;
        }

        var headerLength = (bytes[0] & 0x0F) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (headerLength < MinimumHeaderLength || totalLength < headerLength || totalLength > bytes.Length)
        {
            return false;
        }

        view = new(bytes[..totalLength]);
        return true;
    }
}
