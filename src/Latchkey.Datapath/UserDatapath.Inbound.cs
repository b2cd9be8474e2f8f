using System.Buffers;
using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <content>From the outer links to the TUN device.</content>
public sealed partial class UserDatapath
{
    /// <summary>Four zero octets, where an SPI would stand, mark an IKE message (RFC 3948 §2.2).</summary>
    private const int NonEspMarkerLength = 4;

    private const int ArrivingPackets = 256;

    private readonly PacketGather _arrivals = new(ArrivingPackets, pieces: 8 * ArrivingPackets, headerRoom: ArrivingPackets * Ipv6View.HeaderLength);
    private readonly Coalescing _coalescing;

    // Whole packets under whose decision more than the inbound lane is needed; whoever has both lanes next sees to them.
    private readonly Queue<HeldPacket> _inboundAside = new(ArrivingPackets);

    // When the batch in hand came.
    private TimeSpan _arrivedAt;

    // The SA of the last packet: within a batch nothing about it changes, and the next is likely to have the same.
    private InboundSa? _lastSa;

    private readonly OpenedPackets _opened;

    /// <summary>Checks, decrypts and delivers what came from an outer link; the batch is used up.</summary>
    /// <param name="encapsulation">What the packets are: payloads of UDP port 4500, or of protocol 50.</param>
    public void ProcessInbound(PacketBatch batch, Encapsulation encapsulation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        bool aside;
        using (_lanes.Inbound())
        {
            var now = _clock();
            _lastSa = null;
            _arrivedAt = now;
            for (var i = 0; i < batch.Count; i++)
            {
                ref readonly var slot = ref batch[i];
                var end = batch.Position(i) + slot.Length;
                var size = slot.SegmentSize > 0 ? slot.SegmentSize : slot.Length;
                _opened.EndRow();
                for (var at = batch.Position(i); at < end; at += size)
                {
                    var datagram = new Datagram(in slot, batch.Slab, at, Math.Min(size, end - at));
                    if (!(encapsulation == Encapsulation.Udp && TakeNonEsp(datagram)))
                    {
                        Inbound(datagram, encapsulation, now);
                    }
                }
            }

            DeliverOpened();
            Arrive();
            aside = _inboundAside.Count > 0;
        }

        if (aside)
        {
            InboundAside();
        }
    }

    private void InboundAside()
    {
        using (_lanes.Both())
        {
            var now = _clock();
            while (_inboundAside.TryDequeue(out var held))
            {
                InboundAside(held.Buffer.AsSpan(0, held.Length), held.ArrivedUnder!, now);
                HoldQueue.Return(held);
            }

            Flush();
        }
    }

    private void InboundAside(Span<byte> octets, InboundSa sa, TimeSpan now)
    {
        if (IpPacket.Read(octets, out var packet) != IpPacketKind.Fragment)
        {
            InboundWhole(octets, packet, sa, came: default, now);
            return;
        }

        var whole = _innerFragments.Add(octets, now, out var came, sa.Sa.Channel);
        if (whole.IsEmpty)
        {
            return;
        }

        // Only now it can be told whether it is covered: a later fragment names no ports.
        if (IpPacket.Read(whole, out packet) != IpPacketKind.Whole)
        {
            _drops.Count(DropReason.UnsupportedProtocol);
        }
        else if (!sa.Sa.Selectors.Covers(packet.InboundFlow))
        {
            _drops.Count(DropReason.SelectorMismatch);
        }
        else
        {
            InboundWhole(whole, packet, sa, came, now);
        }
    }

    /// <summary>Takes IKE messages and NAT keepalives.</summary>
    private bool TakeNonEsp(in Datagram datagram)
    {
        var octets = datagram.Octets;
        if (octets.Length == 1 && octets[0] == 0xFF)
        {
            return true; // a keepalive wants nothing (RFC 3948 §2.3)
        }

        if (octets.Length > NonEspMarkerLength && BinaryPrimitives.ReadUInt32BigEndian(octets) == 0)
        {
            _events.IkeDatagram(datagram.Local, datagram.Remote, octets[NonEspMarkerLength..]);
            return true;
        }

        return false;
    }

    private void Inbound(in Datagram datagram, Encapsulation encapsulation, TimeSpan now)
    {
        var octets = datagram.Octets;
        if (!EspView.TryCreate(octets, out var esp) || datagram.Local.Address.IsV4 != datagram.Remote.Address.IsV4)
        {
            _drops.Count(DropReason.Malformed);
            return;
        }

        var sa = _lastSa;
        if (sa?.Sa.Spi != esp.Spi && !_sas.TryFindInbound(esp.Spi, out sa))
        {
            if (_unknownSpis.MayReport(datagram.Remote.Address, now))
            {
                _events.UnknownSpi(esp.Spi, datagram.Local, datagram.Remote, encapsulation);
            }

            _drops.Count(DropReason.UnknownSpi);
            return;
        }

        _lastSa = sa;

        if (sa.Open(octets, out var length, out var nextHeader) is { } reason)
        {
            _drops.Count(reason);
            return;
        }

        NoteValid(sa);
        if (nextHeader == IpProtocol.NoNext)
        {
            return; // a dummy packet, made to be thrown away (RFC 4303 §2.6)
        }

        if (_opened.IsFull)
        {
            DeliverOpened();
        }

        var text = octets.Slice(sa.HeaderLength, length);
        var position = datagram.Position + sa.HeaderLength;
        if (sa.Sa.Tunnel)
        {
            InboundTunnelled(sa, datagram, position, text, nextHeader);
            return;
        }

        if (!sa.Sa.Translated && _opened.TryContinue(sa, nextHeader, text, position))
        {
            return;
        }

        // In transport mode the addresses are those of the outer header.
        if (IpPacket.ReadTransport(datagram.Remote.Address, datagram.Local.Address, nextHeader, text, out var packet) != IpPacketKind.Whole)
        {
            _drops.Count(DropReason.UnsupportedProtocol);
            return;
        }

        if (sa.Sa.Translated)
        {
            UpperChecksum.Renew(text[(packet.UpperOffset - packet.ProtectedOffset)..], packet);
        }

        _opened.Begin(sa, packet, datagram.Slab, position);
    }

    /// <summary>In tunnel mode a whole packet was carried, and its own addresses are what the selectors are about (RFC 4301 §5.2).</summary>
    /// <param name="position">Where the packet lies in the slab.</param>
    private void InboundTunnelled(InboundSa sa, in Datagram datagram, int position, Span<byte> text, IpProtocol nextHeader)
    {
        var kind = IpPacket.Read(text, out var packet);
        if (kind is not (IpPacketKind.Whole or IpPacketKind.Fragment) || nextHeader != (packet.IsV6 ? IpProtocol.Ipv6 : IpProtocol.IpInIp))
        {
            _drops.Count(DropReason.UnsupportedProtocol);
            return;
        }

        if (!TryTakeMark(text, datagram.TrafficClass))
        {
            _drops.Count(DropReason.CongestionNotUnderstood);
            return;
        }

        position += packet.ProtectedOffset;
        if (kind == IpPacketKind.Fragment)
        {
            PutAside(sa, packet, datagram.Slab, position);
        }
        else
        {
            _opened.Begin(sa, packet, datagram.Slab, position);
        }
    }

    /// <summary>Gives an inner packet the mark that its outer header got on the way.</summary>
    /// <returns>False when it must be dropped instead.</returns>
    private static bool TryTakeMark(Span<byte> inner, byte outer)
    {
        var own = TrafficClass.Of(inner);
        if (CongestionMarks.Leaving(own & TrafficClass.EcnMask, outer & TrafficClass.EcnMask) is not { } mark)
        {
            return false;
        }

        var marked = (byte)((own & ~TrafficClass.EcnMask) | mark);
        if (marked != own)
        {
            TrafficClass.Set(inner, marked);
        }

        return true;
    }

    // What the integrity check has passed proves that the peer lives, wherever it may go from here.
    private void NoteValid(InboundSa sa)
    {
        sa.Channel.Answers.Heard();
        if (sa.Traffic.Packets == 1)
        {
            _events.FirstInbound(sa.Sa.Spi, sa.Sa.Channel);
        }

        ReportWear(SaDirection.Inbound, sa.Sa, sa.Traffic, sa.Window.Highest);
    }

    /// <summary>Delivers what was decrypted.</summary>
    private void DeliverOpened()
    {
        _opened.FindFlows();
        for (var row = 0; row < _opened.RowCount; row++)
        {
            Deliver(_opened[row], _opened.FlowOf(row), _opened.PlacesOf(row));
        }

        _opened.Clear();
    }

    /// <summary>Delivers packets of a flow that is tied to the SA's channel and stands, and puts any others aside.</summary>
    /// <param name="flow">The packets', when there is one.</param>
    private void Deliver(in OpenedPackets.Row row, Flow? flow, ReadOnlySpan<OpenedPackets.Place> places)
    {
        if (!IsCovered(flow, row.Packet, row.Sa))
        {
            _drops.Count(DropReason.SelectorMismatch, places.Length);
            return;
        }

        if (flow is not null && WhyNot(flow, row.Sa) is not null)
        {
            flow = null;
        }

        var packet = row.Packet;
        foreach (var (position, length) in places)
        {
            if (packet.Length != length)
            {
                packet = packet with { Length = length };
            }

            if (flow is null)
            {
                PutAside(row.Sa, packet, row.Slab, position);
            }
            else
            {
                Deliver(row.Sa, packet, flow, row.Slab, position);
            }
        }
    }

    /// <summary>Delivers a packet; one that says SYN is put aside.</summary>
    /// <param name="position">Where the payload of the IP packet lies in the slab.</param>
    private void Deliver(InboundSa sa, in IpPacket packet, Flow flow, byte[] slab, int position)
    {
        var octets = slab.AsSpan(position, packet.Length - packet.ProtectedOffset);
        TcpView segment = default;
        if (packet.Protocol == IpProtocol.Tcp)
        {
            if (!TcpView.TryCreate(octets[(packet.UpperOffset - packet.ProtectedOffset)..], out segment))
            {
                _drops.Count(DropReason.Malformed);
                return;
            }

            if ((segment.Flags & TcpFlags.Syn) != 0)
            {
                PutAside(sa, packet, slab, position);
                return;
            }
        }

        Follow(flow, packet, segment, _arrivedAt);

        if (!_coalescing.HasRoom)
        {
            Arrive();
        }

        _received.Count(1, packet.Length);

        // In a tunnel the header is the sender's own and stays: type of service, hop limit and all.
        _coalescing.Add(flow, packet, slab, position, hasOwnHeader: sa.Sa.Tunnel);
    }

    /// <summary>Gives the TUN device what was decrypted.</summary>
    private void Arrive()
    {
        _coalescing.Close();
        if (_arrivals.Count > 0)
        {
            _drops.Count(DropReason.SendFailed, _tun.Send(_arrivals));
            _arrivals.Clear();
        }
    }

    /// <summary>RFC 4301 §5.2: what is decrypted must be covered by its SA's selectors.</summary>
    private static bool IsCovered(Flow? flow, in IpPacket packet, InboundSa sa)
    {
        if (flow is not null && ReferenceEquals(flow.CoveredBy, sa))
        {
            return true;
        }

        if (!sa.Sa.Selectors.Covers(packet.InboundFlow))
        {
            return false;
        }

        if (flow is not null)
        {
            flow.CoveredBy = sa;
        }

        return true;
    }

    /// <param name="position">Where the payload of the IP packet lies in the slab.</param>
    private void PutAside(InboundSa sa, in IpPacket packet, byte[] slab, int position)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(packet.Length);
        var payload = packet.Length - packet.ProtectedOffset;
        if (sa.Sa.Tunnel)
        {
            slab.AsSpan(position - packet.ProtectedOffset, packet.ProtectedOffset).CopyTo(buffer);
        }
        else if (packet.IsV6)
        {
            new Ipv6Header(packet.Source, packet.Destination, packet.ProtectedProtocol).Write(buffer, payload);
        }
        else
        {
            new Ipv4Header(packet.Source, packet.Destination, packet.ProtectedProtocol).Write(buffer, payload);
        }

        slab.AsSpan(position, payload).CopyTo(buffer.AsSpan(packet.ProtectedOffset));
        _inboundAside.Enqueue(new(buffer, packet.Length, sa, ArrivedInClear: false, default, Came: default, Since: default));
    }

    private static bool IsMidway(in IpPacket packet, ReadOnlySpan<byte> octets) =>
        packet.Protocol == IpProtocol.Tcp && (!TcpView.TryCreate(octets[packet.UpperOffset..packet.Length], out var segment) || IsMidway(packet, segment));

    /// <summary>Decides about a whole packet that came under an SA. In both lanes.</summary>
    private void InboundWhole(Span<byte> octets, in IpPacket packet, InboundSa sa, Fragments came, TimeSpan now)
    {
        var key = packet.InboundFlow;
        if (FindOrAdd(key) is not { } flow)
        {
            _drops.Count(DropReason.FlowTableFull);
            return;
        }

        if (flow.State == FlowState.Unknown)
        {
            _holds.HoldInbound(flow, octets, sa, came, now);
            if (flow.MayAsk(now, _settings.QuestionInterval))
            {
                _events.InboundFlowUnknown(key, sa.Sa.Channel, sa.Sa.Spi, IsMidway(packet, octets));
            }
        }
        else
        {
            if (WhyNot(flow, sa) == DropReason.LatchMismatch && flow.MayAsk(now, _settings.QuestionInterval))
            {
                _events.FlowOfAnother(key, sa.Sa.Channel);
            }

            ReleaseInbound(flow, sa, octets, packet, came, now);
        }
    }

    /// <summary>The rule that keeps latches.</summary>
    private static DropReason? WhyNot(Flow flow, InboundSa sa) =>
        flow.State == FlowState.Blocked ? flow.BlockReason
        : flow.State != FlowState.Bound || flow.Channel!.Id != sa.Sa.Channel ? DropReason.LatchMismatch
        : null;

    /// <summary>Delivers a whole packet if it may be, or drops it. In both lanes.</summary>
    private void ReleaseInbound(Flow flow, InboundSa sa, Span<byte> octets, in IpPacket packet, Fragments came, TimeSpan now)
    {
        if (WhyNot(flow, sa) is { } reason)
        {
            _drops.Count(reason);
            return;
        }

        TcpView segment = default;
        if (packet.Protocol == IpProtocol.Tcp)
        {
            var upper = octets[packet.UpperOffset..packet.Length];
            if (!TcpView.TryCreate(upper, out segment))
            {
                _drops.Count(DropReason.Malformed);
                return;
            }

            if ((segment.Flags & TcpFlags.Syn) != 0)
            {
                ClampSegmentSize(upper, sa.Sa, packet.IsV6, now);
            }
        }

        Follow(flow, packet, segment, now);
        _received.Count(1, packet.Length);
        if (flow.Course is not null && MustStayInFragments(packet, came))
        {
            _local.Deliver(new Fragmentation(octets, came));
        }
        else
        {
            // Into one piece for a socket of ours: the kernel would put fragments together with what others send in clear.
            _local.Deliver(octets);
        }
    }

    /// <summary>Learns from a packet that is delivered.</summary>
    /// <param name="segment">Of TCP.</param>
    private static void Follow(Flow flow, in IpPacket packet, TcpView segment, TimeSpan now)
    {
        flow.Course?.Delivered(packet.Protocol, segment, flow.Tcp, now);
        if (packet.Protocol == IpProtocol.Tcp)
        {
            flow.Tcp.Delivered(segment);
        }
    }

    /// <summary>One datagram of an outer link, alone or out of a train.</summary>
    private readonly ref struct Datagram(in PacketSlot slot, byte[] slab, int position, int length)
    {
        private readonly ref readonly PacketSlot _slot = ref slot;

        public InetEndpoint Local => _slot.Local;

        public InetEndpoint Remote => _slot.Remote;

        public byte TrafficClass => _slot.TrafficClass;

        public byte[] Slab { get; } = slab;

        public int Position { get; } = position;

        public Span<byte> Octets => Slab.AsSpan(Position, length);
    }
}
