using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>TCP option kinds (IANA "TCP Option Kind Numbers").</summary>
public enum TcpOptionKind : byte
{
    EndOfList = 0,
    NoOperation = 1,
    MaximumSegmentSize = 2,
    WindowScale = 3,
    SackPermitted = 4,
    Timestamps = 8,
}

/// <summary>Finds and changes options of a TCP header (RFC 9293 §3.2).</summary>
public static class TcpOptions
{
    /// <summary>The first octet of an option within <paramref name="options"/>, whose length is known to fit; -1 when there is none.</summary>
    /// <remarks>The search ends at the first option that contradicts the octets there are.</remarks>
    public static int Find(ReadOnlySpan<byte> options, TcpOptionKind kind)
    {
        var at = 0;
        while (at < options.Length && options[at] != (byte)TcpOptionKind.EndOfList)
        {
            if (options[at] == (byte)TcpOptionKind.NoOperation)
            {
                at++;
                continue;
            }

            if (at + 1 >= options.Length || options[at + 1] < 2 || at + options[at + 1] > options.Length)
            {
                return -1;
            }

            if (options[at] == (byte)kind)
            {
                return at;
            }

            at += options[at + 1];
        }

        return -1;
    }

    /// <summary>The value of the MSS option, or null.</summary>
    public static ushort? MaximumSegmentSize(ReadOnlySpan<byte> options)
    {
        var at = Find(options, TcpOptionKind.MaximumSegmentSize);
        return at >= 0 && options[at + 1] == 4 ? BinaryPrimitives.ReadUInt16BigEndian(options[(at + 2)..]) : null;
    }

    /// <summary>Lowers the MSS option of a SYN segment to <paramref name="limit"/> and mends the checksum.</summary>
    /// <returns>Whether anything was changed.</returns>
    public static bool ClampMaximumSegmentSize(Span<byte> segment, int limit)
    {
        if (!TcpView.TryCreate(segment, out var tcp) || (tcp.Flags & TcpFlags.Syn) == 0
            || MaximumSegmentSize(tcp.Options) is not { } before || before <= limit)
        {
            return false;
        }

        var after = (ushort)limit;
        var value = TcpView.MinimumHeaderLength + Find(tcp.Options, TcpOptionKind.MaximumSegmentSize) + 2;
        BinaryPrimitives.WriteUInt16BigEndian(segment[value..], after);
        if (value % 2 != 0)
        {
            // The option stands across two words of the sum: swapping its octets has the same effect (RFC 1071 §2 (B)).
            before = BinaryPrimitives.ReverseEndianness(before);
            after = BinaryPrimitives.ReverseEndianness(after);
        }

        var checksum = BinaryPrimitives.ReadUInt16BigEndian(segment[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], InternetChecksum.Update(checksum, before, after));
        return true;
    }
}
