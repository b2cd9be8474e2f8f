using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>The control bits of a TCP header (RFC 9293 §3.1).</summary>
[Flags]
public enum TcpFlags : byte
{
    None = 0,
    Fin = 1,
    Syn = 2,
    Rst = 4,
    Psh = 8,
    Ack = 16,
    Urg = 32,
    Ece = 64,
    Cwr = 128,
}

/// <summary>A checked look at a TCP segment (RFC 9293 §3.1).</summary>
public readonly ref struct TcpView
{
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> _segment;

    private TcpView(ReadOnlySpan<byte> segment) => _segment = segment;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_segment);

    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_segment[2..]);

    public uint SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(_segment[4..]);

    public uint AcknowledgmentNumber => BinaryPrimitives.ReadUInt32BigEndian(_segment[8..]);

    public int HeaderLength => (_segment[12] >> 4) * 4;

    public TcpFlags Flags => (TcpFlags)_segment[13];

    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_segment[14..]);

    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_segment[18..]);

    public ReadOnlySpan<byte> Options => _segment[MinimumHeaderLength..HeaderLength];

    public ReadOnlySpan<byte> Payload => _segment[HeaderLength..];

    /// <summary>Sequence numbers the segment occupies: its payload, and one each for SYN and FIN (RFC 9293 §3.4).</summary>
    public uint SequenceLength =>
        (uint)Payload.Length + ((Flags & TcpFlags.Syn) != 0 ? 1u : 0) + ((Flags & TcpFlags.Fin) != 0 ? 1u : 0);

    public bool HasValidChecksum(InetAddress source, InetAddress destination) =>
        InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Tcp, _segment) == 0;

    /// <param name="bytes">The whole segment: TCP does not carry its own length.</param>
    /// <returns>False when the data offset contradicts the octets there are.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out TcpView view)
    {
        view = default;
        if (bytes.Length < MinimumHeaderLength || bytes[12] >> 4 < 5 || (bytes[12] >> 4) * 4 > bytes.Length)
        {
            return false;
        }

        view = new(bytes);
        return true;
    }
}
