using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Cuts what a local stack sent as one super-segment into the TCP segments or UDP datagrams it stands for, each with its
/// own header and checksum. A packet that is no super-segment is its own only segment.
/// </summary>
internal readonly ref struct Segmentation : IPieces
{
    /// <summary>Segments of one packet at most: 64 KiB in the smallest pieces that Linux cuts (TCP_MIN_GSO_SIZE).</summary>
    private const int MaximumSegments = 65_536 / 8;

    private readonly Span<byte> _headers;
    private readonly Span<byte> _payload;
    private readonly Span<byte> _room;
    private readonly IpPacket _packet;
    private readonly SegmentKind _kind;
    private readonly int _first;
    private readonly int _size;

    // Of length 0: the length is all that differs between segments.
    private readonly ulong _pseudoHeader;

    private Segmentation(Span<byte> octets, in IpPacket packet, SegmentKind kind, int first, int headerEnd, int size, int count)
    {
        _headers = octets[first..headerEnd];
        _payload = octets[headerEnd..packet.Length];
        _room = octets[first..];
        _packet = packet;
        _kind = kind;
        _first = first;
        _size = size;
        _pseudoHeader = kind == SegmentKind.None ? 0 : InternetChecksum.PseudoHeader(packet.Source, packet.Destination, packet.Protocol, length: 0);
        Count = count;
    }

    public int Count { get; }

    private int Upper => _packet.UpperOffset - _first;

    /// <param name="octets">The packet, and what room there is behind it; it is used up by <see cref="TryLay"/>.</param>
    /// <param name="first">The first octet of the packet that segments are to have: 0, or <see cref="IpPacket.ProtectedOffset"/>.</param>
    /// <returns>False when the packet is not what <paramref name="offload"/> says, or would be cut too small.</returns>
    public static bool TryCreate(Span<byte> octets, in IpPacket packet, PacketOffload offload, int first, out Segmentation segments)
    {
        segments = default;
        if (offload.Kind == SegmentKind.None)
        {
            segments = new(octets, packet, SegmentKind.None, first, packet.Length, size: 0, count: 1);
            return true;
        }

        if (UpperHeader(octets[packet.UpperOffset..packet.Length], packet.Protocol, offload.Kind) is not { } header)
        {
            return false;
        }

        var end = packet.UpperOffset + header;
        var payload = packet.Length - end;
        if (payload <= 0 || payload > offload.SegmentSize * MaximumSegments)
        {
            return false;
        }

        segments = new(octets, packet, offload.Kind, first, end, offload.SegmentSize, (payload + offload.SegmentSize - 1) / offload.SegmentSize);
        return true;
    }

    public int LengthOf(int index) => _headers.Length + PieceOf(index).Length;

    public void Write(int index, Span<byte> destination)
    {
        _headers.CopyTo(destination);
        PieceOf(index).CopyTo(destination[_headers.Length..]);
        if (_kind != SegmentKind.None)
        {
            MendHeaders(index, destination);
        }
    }

    public bool TryLay(int index, int room, out Span<byte> piece)
    {
        piece = default;
        var (start, length) = (index * _size, LengthOf(index));
        if (start + length + room > _room.Length)
        {
            return false;
        }

        if (_kind != SegmentKind.None)
        {
            // The first one's headers are those of all, and stay as they are.
            if (index == 0 || _headers.Length > _size)
            {
                return false;
            }

            // Headers go where the piece before ended, which is protected already.
            _headers.CopyTo(_room[start..]);
            MendHeaders(index, _room.Slice(start, length));
        }

        piece = _room.Slice(start, length + room);
        return true;
    }

    /// <summary>Makes the headers of the super-segment, which lie in front of the payload, those of the piece.</summary>
    private void MendHeaders(int index, Span<byte> piece)
    {
        var upper = piece[Upper..];
        int field;
        if (_kind == SegmentKind.Tcp)
        {
            field = 16;
            BinaryPrimitives.WriteUInt32BigEndian(upper[4..], BinaryPrimitives.ReadUInt32BigEndian(upper[4..]) + (uint)(index * _size));
            upper[13] &= (byte)~NotIn(index);
        }
        else
        {
            field = 6;
            BinaryPrimitives.WriteUInt16BigEndian(upper[4..], (ushort)upper.Length);
        }

        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], 0);
        var checksum = InternetChecksum.OfUpperLayer(_pseudoHeader, upper);
        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], checksum == 0 ? ushort.MaxValue : checksum);
        if (_first == 0)
        {
            MendIpHeader(index, piece);
        }
    }

    /// <summary>The length of the upper header; null when it is not of that kind, or is none that can be cut.</summary>
    private static int? UpperHeader(ReadOnlySpan<byte> upper, IpProtocol protocol, SegmentKind kind) => (kind, protocol) switch
    {
        (SegmentKind.Tcp, IpProtocol.Tcp) =>
            TcpView.TryCreate(upper, out var tcp) && (tcp.Flags & (TcpFlags.Syn | TcpFlags.Rst)) == 0 ? tcp.HeaderLength : null,
        (SegmentKind.Udp, IpProtocol.Udp) => UdpView.HeaderLength,
        _ => null,
    };

    private Span<byte> PieceOf(int index)
    {
        var rest = _payload[(index * _size)..];
        return index == Count - 1 ? rest : rest[.._size];
    }

    // The end of the data is the end of the last segment; a congestion window reduced is told once (RFC 3168 §6.1.2).
    private TcpFlags NotIn(int index) =>
        (index < Count - 1 ? TcpFlags.Fin | TcpFlags.Psh : TcpFlags.None) | (index > 0 ? TcpFlags.Cwr : TcpFlags.None);

    private void MendIpHeader(int index, Span<byte> packet)
    {
        if (_packet.IsV6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(packet.Length - Ipv6View.HeaderLength));
            return;
        }

        var header = packet[.._packet.ProtectedOffset];
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(header[4..]) + index));
        header[10] = header[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header));
    }
}
