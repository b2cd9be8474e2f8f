using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>A TCP header to be written (RFC 9293 §3.1).</summary>
public readonly record struct TcpHeader(
    ushort SourcePort,
    ushort DestinationPort,
    uint SequenceNumber,
    uint AcknowledgmentNumber,
    TcpFlags Flags,
    ushort Window,
    ushort UrgentPointer = 0)
{
    public const int MaximumOptionsLength = 40;

    /// <summary>Writes the header with its checksum; the payload already lies behind it in <paramref name="segment"/>.</summary>
    /// <param name="segment">The whole segment, header included.</param>
    /// <param name="options">Whole 32-bit words.</param>
    /// <exception cref="ArgumentException">The options are too long or not whole words.</exception>
    public void Write(Span<byte> segment, InetAddress source, InetAddress destination, ReadOnlySpan<byte> options = default)
    {
        if (options.Length > MaximumOptionsLength || options.Length % 4 != 0)
        {
            throw new ArgumentException("options are at most ten whole words", nameof(options));
        }

        BinaryPrimitives.WriteUInt16BigEndian(segment, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], AcknowledgmentNumber);
        segment[12] = (byte)((TcpView.MinimumHeaderLength + options.Length) / 4 << 4);
        segment[13] = (byte)Flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], Window);
        segment[16] = segment[17] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(segment[18..], UrgentPointer);
        options.CopyTo(segment[TcpView.MinimumHeaderLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], InternetChecksum.OfUpperLayer(source, destination, IpProtocol.Tcp, segment));
    }
}
