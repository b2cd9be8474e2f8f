using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Joins segments that follow each other within a flow to one super-segment, as the kernel's own receive offload does, so
/// that the stack is entered once for all of them. Nothing is copied: a super-segment is the first packet, its headers
/// mended, and the payloads of the others.
/// </summary>
/// <remarks>
/// Only neighbours are joined, so that no packet overtakes another, of whatever flow. The checksum of every joined packet
/// was verified, because the stack will not look at it again; a packet that stays alone is verified by the stack.
/// A packet of a tunnel keeps the IP header that its sender gave it. It is joined only if a stack that cuts the super-segment
/// again makes the same octets of it: for a host behind this one that is what may happen next.
/// </remarks>
internal sealed class Coalescing(PacketGather gather, IPacketDevice device)
{
    /// <summary>Flags of segments that may differ from those of their neighbours; each ends the super-segment (as in Linux).</summary>
    private const TcpFlags Ending = TcpFlags.Fin | TcpFlags.Psh;

    /// <summary>Datagrams of one super-segment: UDP_GRO_CNT_MAX of Linux.</summary>
    private const int MaximumDatagrams = 64;

    private const int MaximumPacket = ushort.MaxValue;

    // The super-segment in the making; the last packet of the gather.
    private Flow? _flow;
    private IpPacket _packet;
    private Memory<byte> _ipHeader;
    private bool _hasOwnHeader;
    private PacketGather.Piece _head;
    private int _headerLength;
    private int _size;
    private int _length;
    private int _joined;
    private uint _nextSequence;
    private ulong _pseudoHeader;
    private bool _isVerified;
    private bool _takesMore;

    /// <summary>Whether <see cref="Add"/> has room for whatever comes.</summary>
    public bool HasRoom => gather.HasRoom(Ipv6View.HeaderLength);

    /// <summary>Adds a packet to be delivered.</summary>
    /// <param name="packet">Its protected part, the upper layer, lies at <paramref name="position"/> of the slab.</param>
    /// <param name="hasOwnHeader">Its IP header lies in front of that, and stays; otherwise one is made here.</param>
    public void Add(Flow flow, in IpPacket packet, byte[] slab, int position, bool hasOwnHeader)
    {
        var piece = new PacketGather.Piece(slab, position, packet.Length - packet.ProtectedOffset);
        if (!ReferenceEquals(flow, _flow) || !_takesMore || hasOwnHeader != _hasOwnHeader || !TryJoin(packet, piece))
        {
            Close();
            Open(flow, packet, piece, hasOwnHeader);
        }
    }

    /// <summary>Ends the super-segment in the making.</summary>
    public void Close()
    {
        if (_flow is null)
        {
            return;
        }

        var packet = _packet;
        var header = _ipHeader.Span;
        if (_hasOwnHeader)
        {
            if (_joined > 1)
            {
                InnerHeader.SetLength(header, _length);
            }
        }
        else if (packet.IsV6)
        {
            new Ipv6Header(packet.Source, packet.Destination, packet.ProtectedProtocol).Write(header, _length - packet.ProtectedOffset);
        }
        else
        {
            new Ipv4Header(packet.Source, packet.Destination, packet.ProtectedProtocol).Write(header, _length - packet.ProtectedOffset);
        }

        if (_joined > 1)
        {
            MendHead(packet);
        }

        _flow = null;
    }

    private void Open(Flow flow, in IpPacket packet, PacketGather.Piece piece, bool hasOwnHeader)
    {
        _flow = flow;
        _packet = packet;
        _head = piece;
        _hasOwnHeader = hasOwnHeader;
        _length = packet.Length;
        _joined = 1;
        _isVerified = false;
        _takesMore = packet.UpperOffset == packet.ProtectedOffset && packet.Protocol switch
        {
            IpProtocol.Tcp => device.CutsTcp && MayLeadTcp(piece.Octets),
            IpProtocol.Udp => device.CutsUdp && MayLeadUdp(piece.Octets),
            _ => false,
        };
        if (hasOwnHeader)
        {
            _ipHeader = HeaderOf(packet, piece);
            _takesMore = _takesMore && InnerHeader.MayLead(_ipHeader.Span);
            gather.Begin();
            gather.Add(new(piece.Slab, piece.Offset - packet.ProtectedOffset, packet.Length));
        }
        else
        {
            _ipHeader = gather.BeginWithHeader(packet.ProtectedOffset);
            gather.Add(piece);
        }
    }

    /// <summary>The IP header in front of a piece.</summary>
    private static Memory<byte> HeaderOf(in IpPacket packet, PacketGather.Piece piece) =>
        piece.Slab.AsMemory(piece.Offset - packet.ProtectedOffset, packet.ProtectedOffset);

    private bool MayLeadTcp(ReadOnlySpan<byte> octets)
    {
        if (!TcpView.TryCreate(octets, out var tcp) || (tcp.Flags & ~TcpFlags.Ece) != TcpFlags.Ack)
        {
            return false;
        }

        _headerLength = tcp.HeaderLength;
        _size = tcp.Payload.Length;
        _nextSequence = tcp.SequenceNumber + (uint)_size;
        return _size > 0;
    }

    private bool MayLeadUdp(ReadOnlySpan<byte> octets)
    {
        if (!UdpView.TryCreate(octets, out var udp) || udp.Length != octets.Length || udp.Checksum == 0)
        {
            return false;
        }

        _headerLength = UdpView.HeaderLength;
        _size = udp.Payload.Length;
        return _size > 0;
    }

    private bool TryJoin(in IpPacket packet, PacketGather.Piece piece)
    {
        var payload = piece.Length - _headerLength;
        if (packet.UpperOffset != packet.ProtectedOffset || payload <= 0 || payload > _size || _length + payload > MaximumPacket
            || !gather.TakesPiece)
        {
            return false;
        }

        var octets = piece.Octets;
        var isTcp = packet.Protocol == IpProtocol.Tcp;
        if ((isTcp ? !FollowsTcp(octets) : !FollowsUdp(octets))
            || (_hasOwnHeader && !InnerHeader.Follows(_ipHeader.Span, HeaderOf(packet, piece).Span, _joined)))
        {
            return false;
        }

        if (!_isVerified)
        {
            _pseudoHeader = InternetChecksum.PseudoHeader(packet.Source, packet.Destination, packet.Protocol, length: 0);
            _takesMore = _isVerified = IsVerified(_head.Octets);
        }

        if (!_isVerified || !IsVerified(octets))
        {
            return false;
        }

        gather.Add(new(piece.Slab, piece.Offset + _headerLength, payload));
        _length += payload;
        _joined++;
        _nextSequence += (uint)payload;
        _takesMore = payload == _size && (isTcp || _joined < MaximumDatagrams);
        if (isTcp)
        {
            var ending = (TcpFlags)octets[13] & Ending;
            _head.Slab[_head.Offset + 13] |= (byte)ending;
            _takesMore &= ending == TcpFlags.None;
        }

        return true;
    }

    private bool IsVerified(ReadOnlySpan<byte> upper) => InternetChecksum.OfUpperLayer(_pseudoHeader, upper) == 0;

    /// <summary>The next octets, and nothing else that differs but the end.</summary>
    private bool FollowsTcp(ReadOnlySpan<byte> octets)
    {
        var head = _head.Octets;
        return TcpView.TryCreate(octets, out var tcp)
            && tcp.HeaderLength == _headerLength
            && tcp.SequenceNumber == _nextSequence
            && (((TcpFlags)head[13] ^ tcp.Flags) & ~Ending) == 0
            && tcp.AcknowledgmentNumber == BinaryPrimitives.ReadUInt32BigEndian(head[8..])
            && tcp.Window == BinaryPrimitives.ReadUInt16BigEndian(head[14..])
            && tcp.Options.SequenceEqual(head[TcpView.MinimumHeaderLength.._headerLength]);
    }

    private static bool FollowsUdp(ReadOnlySpan<byte> octets) =>
        UdpView.TryCreate(octets, out var udp) && udp.Length == octets.Length && udp.Checksum != 0;

    /// <summary>The head's checksum becomes what a stack hands to a device that cuts: the sum of the pseudo header.</summary>
    private void MendHead(in IpPacket packet)
    {
        var upper = _head.Slab.AsSpan(_head.Offset, _headerLength);
        var length = _length - packet.UpperOffset;
        var isTcp = packet.Protocol == IpProtocol.Tcp;
        var field = isTcp ? 16 : 6;
        if (!isTcp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(upper[4..], (ushort)length);
        }

        // The pseudo header is there: what was joined was verified.
        BinaryPrimitives.WriteUInt16BigEndian(upper[field..], InternetChecksum.PartialOf(_pseudoHeader + (uint)length));
        gather.Leave(new(
            isTcp ? SegmentKind.Tcp : SegmentKind.Udp, (ushort)_size, (ushort)(packet.UpperOffset + _headerLength),
            NeedsChecksum: true, (ushort)packet.UpperOffset, (ushort)field));
    }
}
