using System.Buffers.Binary;

namespace Latchkey.Wire;

/// <summary>Where a walk along IPv6 extension headers ended (RFC 8200 §4). Offsets count from where the walk began.</summary>
/// <param name="Protocol">The header at <paramref name="Offset"/>: an upper layer, ESP, AH or "no next header".</param>
/// <param name="Offset">First octet of that header, or of a fragment's data.</param>
/// <param name="ProtectedProtocol">The first header that transport-mode ESP covers.</param>
/// <param name="ProtectedOffset">Where it begins: behind hop-by-hop options, routing and fragment headers, and before
/// the destination options for the final destination (RFC 4303 §3.1.1).</param>
/// <param name="FragmentHeaderOffset">Where the fragment header begins, or -1.</param>
/// <param name="HasRoutingToDo">A routing header with segments left: the destination is not yet the final one.</param>
public readonly record struct Ipv6Chain(
    IpProtocol Protocol,
    int Offset,
    IpProtocol ProtectedProtocol,
    int ProtectedOffset,
    int FragmentHeaderOffset,
    bool HasRoutingToDo);

/// <summary>Walks IPv6 extension headers, bounded in number.</summary>
public static class Ipv6Extensions
{
    /// <summary>No honest packet has more: each kind once, destination options twice (RFC 8200 §4.1).</summary>
    public const int MaximumHeaders = 8;

    /// <param name="first">The kind of the header that <paramref name="bytes"/> begin with.</param>
    /// <returns>False when a header is cut off, there are too many, or hop-by-hop options are not first (RFC 8200 §4.1).</returns>
    public static bool TryWalk(IpProtocol first, ReadOnlySpan<byte> bytes, out Ipv6Chain chain)
    {
        chain = default;
        var protocol = first;
        var offset = 0;
        var (protectedProtocol, protectedOffset) = (first, 0);
        var fragmentHeaderOffset = -1;
        var routing = false;
        for (var count = 0; count <= MaximumHeaders; count++)
        {
            var isHeader = protocol is IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.DestinationOptions or IpProtocol.Fragment;
            var isLaterFragment = fragmentHeaderOffset >= 0
                && FragmentHeader.TryRead(bytes[fragmentHeaderOffset..], out var fragment) && fragment.Offset != 0;
            if (!isHeader || isLaterFragment)
            {
                chain = new(protocol, offset, protectedProtocol, protectedOffset, fragmentHeaderOffset, routing);
                return true;
            }

            var rest = bytes[offset..];
            if (rest.Length < 8 || (protocol == IpProtocol.HopByHop && offset != 0))
            {
                return false;
            }

            var length = protocol == IpProtocol.Fragment ? FragmentHeader.Length : (rest[1] + 1) * 8;
            if (length > rest.Length || (protocol == IpProtocol.Fragment && fragmentHeaderOffset >= 0))
            {
                return false;
            }

            routing |= protocol == IpProtocol.Routing && rest[3] != 0;
            fragmentHeaderOffset = protocol == IpProtocol.Fragment ? offset : fragmentHeaderOffset;
            var kind = protocol;
            protocol = (IpProtocol)rest[0];
            offset += length;
            if (kind != IpProtocol.DestinationOptions)
            {
                (protectedProtocol, protectedOffset) = (protocol, offset);
            }
        }

        return false;
    }
}

/// <summary>The IPv6 fragment header (RFC 8200 §4.5).</summary>
/// <param name="Offset">Where the fragment's data belongs, in octets, a multiple of 8.</param>
public readonly record struct FragmentHeader(IpProtocol NextHeader, int Offset, bool MoreFragments, uint Identification)
{
    public const int Length = 8;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out FragmentHeader header)
    {
        header = default;
        if (bytes.Length < Length)
        {
            return false;
        }

        var word = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        header = new((IpProtocol)bytes[0], word & ~7, (word & 1) != 0, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
        return true;
    }

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)NextHeader;
        destination[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)((Offset & 0xFFF8) | (MoreFragments ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Identification);
    }
}
