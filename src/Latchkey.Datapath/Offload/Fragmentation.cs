using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>In what fragments a datagram came.</summary>
/// <param name="Largest">Octets of the largest one with its headers; 0: it came whole.</param>
internal readonly record struct Fragments(int Largest, uint Identification)
{
    public bool Any => Largest > 0;
}

/// <summary>
/// Cuts a datagram again that came in fragments and was put together: into pieces no larger than those, which have fitted so far.
/// Nobody on its way does it where the sender alone may (RFC 8200 §5).
/// </summary>
internal readonly ref struct Fragmentation : IPieces
{
    /// <summary>Fragments begin at multiples of eight octets.</summary>
    private const int Unit = 8;

    private readonly ReadOnlySpan<byte> _packet;
    private readonly Fragments _came;
    private readonly int _header;
    private readonly int _size;

    /// <param name="packet">Without options and extension headers, as <see cref="FragmentAssembly"/> makes it.</param>
    public Fragmentation(ReadOnlySpan<byte> packet, Fragments came)
    {
        _packet = packet;
        _came = came;
        _header = packet[0] >> 4 == 6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;
        _size = (came.Largest - _header - FragmentHeaderLength) & -Unit;
        Count = (packet.Length - _header + _size - 1) / _size;
    }

    public int Count { get; }

    private int FragmentHeaderLength => _header == Ipv6View.HeaderLength ? FragmentHeader.Length : 0;

    public int LengthOf(int index) => _header + FragmentHeaderLength + PieceOf(index).Length;

    public void Write(int index, Span<byte> destination)
    {
        var piece = PieceOf(index);
        var (offset, more) = (index * _size, index < Count - 1);
        if (Ipv6View.TryCreate(_packet, out var v6))
        {
            (Ipv6Header.From(v6) with { NextHeader = IpProtocol.Fragment }).Write(destination, FragmentHeader.Length + piece.Length);
            new FragmentHeader(v6.NextHeader, offset, more, _came.Identification).Write(destination[_header..]);
        }
        else if (Ipv4View.TryCreate(_packet, out var v4))
        {
            (Ipv4Header.From(v4) with { FragmentOffset = offset, MoreFragments = more }).Write(destination, piece.Length);
        }

        piece.CopyTo(destination[(_header + FragmentHeaderLength)..]);
    }

    public bool TryLay(int index, int room, out Span<byte> piece)
    {
        piece = default;
        return false;
    }

    private ReadOnlySpan<byte> PieceOf(int index)
    {
        var rest = _packet[(_header + (index * _size))..];
        return rest.Length <= _size ? rest : rest[.._size];
    }
}
