using System.Buffers.Binary;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Whether the IP header that came out of a tunnel is one of which a stack that cuts a super-segment makes the others: equal
/// in everything, but for the lengths, and for IPv4's identification, which counts up.
/// </summary>
internal static class InnerHeader
{
    /// <summary>A header that may lead others has no options and no extension headers, and IPv4's checksum holds: nobody looks at it again.</summary>
    /// <param name="header">Everything in front of the upper layer.</param>
    public static bool MayLead(ReadOnlySpan<byte> header) => IsV6(header)
        ? header.Length == Ipv6View.HeaderLength
        : header.Length == Ipv4View.MinimumHeaderLength && InternetChecksum.Of(header) == 0;

    /// <param name="index">The place that the packet would have behind the one with the leading header; the first has 1.</param>
    public static bool Follows(ReadOnlySpan<byte> leading, ReadOnlySpan<byte> header, int index)
    {
        if (header.Length != leading.Length)
        {
            return false;
        }

        // Version, traffic class and flow label; then next header, hop limit and addresses.
        if (IsV6(leading))
        {
            return header[..4].SequenceEqual(leading[..4]) && header[6..].SequenceEqual(leading[6..]);
        }

        // Version, header length and type of service; flags, time to live and protocol; addresses. The identification counts up
        // even where it means nothing (RFC 6864 §4.1): a packet that was cut must not look different from one that was not.
        return header[..2].SequenceEqual(leading[..2])
            && BinaryPrimitives.ReadUInt16BigEndian(header[4..]) == (ushort)(BinaryPrimitives.ReadUInt16BigEndian(leading[4..]) + index)
            && header[6..10].SequenceEqual(leading[6..10])
            && header[12..].SequenceEqual(leading[12..])
            && InternetChecksum.Of(header) == 0;
    }

    /// <summary>The length of the whole packet, in octets; IPv4's checksum is made anew.</summary>
    public static void SetLength(Span<byte> header, int length)
    {
        if (IsV6(header))
        {
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(length - Ipv6View.HeaderLength));
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)length);
        header[10] = header[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header));
    }

    private static bool IsV6(ReadOnlySpan<byte> header) => header[0] >> 4 == 6;
}
