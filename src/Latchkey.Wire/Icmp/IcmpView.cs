using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A checked look at an ICMP or ICMPv6 message: both begin with the same eight octets (RFC 792, RFC 4443 §2.1).</summary>
public readonly ref struct IcmpView
{
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _message;

    private IcmpView(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>An <see cref="IcmpType"/> or <see cref="Icmp6Type"/>.</summary>
    public byte Type => _message[0];

    public byte Code => _message[1];

    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_message[2..]);

    /// <summary>The second word: identifier and sequence number of an echo, the MTU of "packet too big".</summary>
    public uint Parameter => BinaryPrimitives.ReadUInt32BigEndian(_message[4..]);

    /// <summary>An echo's data, or the quoted packet of an error.</summary>
    public ReadOnlySpan<byte> Body => _message[HeaderLength..];

    public bool HasValidChecksumV4 => InternetChecksum.Of(_message) == 0;

    public bool HasValidChecksumV6(InetAddress source, InetAddress destination) =>
        InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Icmp6, _message) == 0;

    public static bool TryCreate(ReadOnlySpan<byte> bytes, out IcmpView view)
    {
        view = default;
        if (bytes.Length < HeaderLength)
        {
            return false;
        }

        view = new(bytes);
        return true;
    }
}
