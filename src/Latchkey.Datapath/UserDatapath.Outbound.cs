using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <content>From the TUN device to the outer links.</content>
public sealed partial class UserDatapath
{
    /// <summary>Below this a router must not ask an IPv6 host to go (RFC 8200 §5): the outer packet is fragmented instead.</summary>
    private const int MinimumMtuV6 = 1280;

    private readonly Departures _departures = new();

    // What each packet of the batch in hand is, and its flow.
    private IpPacket[] _leaving = [];
    private FlowLookups _leavingFlows;

    /// <summary>
    /// Waits, in no lane, until the outer links take what the device has. The thread that reads the device calls it before,
    /// so that packets wait in the device's queue and not here.
    /// </summary>
    /// <returns>False when a link is still full after the time-out: the device is not to be read yet.</returns>
    public bool WaitForRoom(int timeoutMilliseconds) => _backpressure.Wait(timeoutMilliseconds, _clock());

    /// <summary>Protects and sends the packets of local sockets; the batch is used up. One thread calls it.</summary>
    public void ProcessOutbound(PacketBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var aside = false;
        using (_lanes.Outbound())
        {
            var now = _clock();
            FindFlows(batch);
            for (var i = 0; i < batch.Count; i++)
            {
                ref var slot = ref batch[i];
                if (slot.Length == 0)
                {
                    continue;
                }

                if (!TryOutbound(batch.DataAndRoom(i), _leaving[i], _leavingFlows[i], slot.Offload, now))
                {
                    aside = true;
                    continue;
                }

                slot.Length = 0;
            }

            Depart(now);
        }

        if (aside)
        {
            OutboundAside(batch);
        }
    }

    /// <summary>What the packets of the batch are, and their flows; a packet that is not plain has no flow.</summary>
    private void FindFlows(PacketBatch batch)
    {
        if (_leaving.Length < batch.Count)
        {
            (_leaving, _leavingFlows) = (new IpPacket[batch.Capacity], _flows.NewLookups(batch.Capacity));
        }

        _leavingFlows.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            ref var packet = ref _leaving[i];
            _leavingFlows.Add(IpPacket.Read(batch.Data(i), out packet) == IpPacketKind.Whole && IsPlain(packet) ? packet.OutboundFlow : default);
        }

        _leavingFlows.Find();
    }

    /// <summary>What needs a decision, or changes more than one lane may, in both lanes.</summary>
    private void OutboundAside(PacketBatch batch)
    {
        using (_lanes.Both())
        {
            var now = _clock();
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch[i].Length != 0)
                {
                    Outbound(batch.Data(i), batch[i].Offload, came: default, now);
                }
            }

            Flush();
        }
    }

    private static bool IsMulticast(InetAddress address) =>
        address.IsV6 ? (byte)(address.ToNumber() >> 120) == 0xFF : (uint)address.ToNumber() >> 28 == 0xE;

    /// <summary>Protects a packet of a flow that is tied to its channel and stands: nearly all of them.</summary>
    /// <param name="octets">The packet, and room behind it that may be written to.</param>
    /// <returns>False for any other packet; nothing has changed then.</returns>
    private bool TryOutbound(Span<byte> octets, in IpPacket packet, Flow? flow, PacketOffload offload, TimeSpan now)
    {
        if (flow is not { State: FlowState.Bound } || flow.Outbound is not { } sa)
        {
            return false;
        }

        TcpView segment = default;
        if (packet.Protocol == IpProtocol.Tcp
            && (!TcpView.TryCreate(octets[packet.UpperOffset..packet.Length], out segment) || (segment.Flags & TcpFlags.Syn) != 0))
        {
            return false;
        }

        Protect(octets, packet, flow, sa, segment, offload, came: default, now);
        return true;
    }

    /// <summary>Sees to any packet that a local socket sends. In both lanes.</summary>
    private void Outbound(Span<byte> octets, PacketOffload offload, Fragments came, TimeSpan now)
    {
        var kind = IpPacket.Read(octets, out var packet);
        if (kind == IpPacketKind.Fragment)
        {
            var whole = _fragments.Add(octets, now, out var fragments);
            if (!whole.IsEmpty)
            {
                Outbound(whole, default, fragments, now);
            }
        }
        else if (kind == IpPacketKind.Malformed)
        {
            _drops.Count(DropReason.Malformed);
        }
        else if (kind == IpPacketKind.Unsupported || IsMulticast(packet.Destination))
        {
            _drops.Count(DropReason.UnsupportedProtocol);
        }
        else
        {
            OutboundWhole(octets[..packet.Length], packet, offload, came, now);
        }
    }

    /// <summary>
    /// In transport mode options and headers that stand before ESP (RFC 4303 §3.1.1) belong to the outer packet, whose header
    /// the kernel makes. They are not carried, and a packet is not sent without what its sender put into it. A packet within a packet
    /// is what a tunnel carries: a receiver in transport mode takes none (<see cref="IpPacket.ReadTransport"/>).
    /// </summary>
    private static bool IsPlain(in IpPacket packet) =>
        packet.ProtectedOffset == (packet.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength)
        && packet.Protocol is not (IpProtocol.IpInIp or IpProtocol.Ipv6);

    private void OutboundWhole(Span<byte> octets, in IpPacket packet, PacketOffload offload, Fragments came, TimeSpan now)
    {
        TcpView segment = default;
        if (packet.Protocol == IpProtocol.Tcp && !TcpView.TryCreate(octets[packet.UpperOffset..], out segment))
        {
            _drops.Count(DropReason.Malformed);
            return;
        }

        if (FindOrAdd(packet.OutboundFlow) is not { } flow)
        {
            _drops.Count(DropReason.FlowTableFull);
            return;
        }

        if (flow.State == FlowState.Bound && flow.Outbound is { } sa)
        {
            Protect(octets, packet, flow, sa, segment, offload, came, now);
            return;
        }

        flow.Course?.Sent(packet.Protocol, segment, flow.Tcp, now);
        if (packet.Protocol == IpProtocol.Tcp)
        {
            flow.Tcp.Sent(segment);
        }

        if (flow.State == FlowState.Blocked)
        {
            _drops.Count(_notices.HandleLocalPacket(flow, segment, now) ? DropReason.NoticeAnswer : flow.BlockReason);
        }
        else if (flow.State == FlowState.Clear && !BeginsConnection(packet, segment))
        {
            SendClear(octets, packet, offload);
        }
        else
        {
            Reconsider(flow);
            _holds.HoldOutbound(flow, octets, offload, came, now);
            if (flow.MayAsk(now, _settings.QuestionInterval))
            {
                AskOutbound(flow, IsMidway(packet, segment));
            }
        }
    }

    /// <summary>It is of a connection that began before.</summary>
    private static bool IsMidway(in IpPacket packet, TcpView segment) => packet.Protocol == IpProtocol.Tcp && !BeginsConnection(packet, segment);

    private void AskOutbound(Flow flow, bool midway)
    {
        if (flow.State == FlowState.Bound)
        {
            _events.SaMissing(flow.Key, flow.Channel!.Id);
        }
        else
        {
            _events.OutboundFlowUnknown(flow.Key, midway);
        }
    }

    /// <param name="octets">The packet; what is behind it may be written to.</param>
    private void Protect(
        Span<byte> octets, in IpPacket packet, Flow flow, OutboundSa sa, TcpView segment, PacketOffload offload, Fragments came, TimeSpan now)
    {
        if (!sa.Sa.Tunnel && !IsPlain(packet))
        {
            _drops.Count(DropReason.UnsupportedProtocol);
            return;
        }

        var first = sa.Sa.Tunnel ? 0 : packet.ProtectedOffset;
        if ((offload is { Kind: SegmentKind.None, NeedsChecksum: true } && !PartialChecksum.TryComplete(octets[..packet.Length], packet, offload))
            || !Segmentation.TryCreate(octets, packet, offload, first, out var segments))
        {
            _drops.Count(DropReason.Malformed);
            return;
        }

        octets = octets[..packet.Length];
        var isTcp = packet.Protocol == IpProtocol.Tcp;
        flow.Course?.Sent(packet.Protocol, segment, flow.Tcp, now);
        var mustBeAnswered = isTcp && flow.Tcp.Sent(segment);
        if (isTcp && (segment.Flags & TcpFlags.Syn) != 0)
        {
            ClampSegmentSize(octets[packet.UpperOffset..], sa.Sa, packet.IsV6, now);
        }

        if (sa.Sa.Tunnel && MustStayInFragments(packet, came))
        {
            Seal(new Fragmentation(octets, came), octets, packet, sa, mayFragment: true, now);
        }
        else
        {
            // What a path does not take of a tunnel goes in fragments, until the route into it has shrunk and its inner sender was
            // told by the kernel (RFC 4301 §8.2): nothing is lost meanwhile.
            var mayFragment = came.Any || sa.Sa.Tunnel || MayFragment(packet, packet.ProtectedOffset + segments.LengthOf(0));
            Seal(segments, octets, packet, sa, mayFragment, now);
        }

        ReportWear(SaDirection.Outbound, sa.Sa, sa.Traffic, sa.Sequence);
        if (mustBeAnswered || !isTcp)
        {
            flow.Channel!.Answers.Sent(now, mustBeAnswered);
        }
    }

    /// <summary>
    /// Where its last link takes no datagram of that size, nobody but its sender may cut it. What a router may cut goes whole: a
    /// peer that looks for ports in every packet, as the kernel does, finds none in fragments (RFC 4301 §7).
    /// </summary>
    private static bool MustStayInFragments(in IpPacket packet, Fragments came) => came.Any && packet.DontFragment;

    private void Seal<T>(T pieces, ReadOnlySpan<byte> octets, in IpPacket packet, OutboundSa sa, bool mayFragment, TimeSpan now)
        where T : IPieces, allows ref struct
    {
        // A tunnel's outer header begins with the inner one's DSCP (RFC 4301 §5.1.2.1) and ECN (RFC 6040 §4.1).
        var trafficClass = sa.Sa.Tunnel ? TrafficClass.Of(octets) : (byte)0;
        var nextHeader = Carried(packet, sa.Sa);
        Span<byte> behind = stackalloc byte[OutboundSa.LongestTrailer];
        for (var i = 0; i < pieces.Count; i++)
        {
            var length = pieces.LengthOf(i);
            var total = sa.LengthFor(length);
            if (!_departures.TryPlace(sa, total, mayFragment, trafficClass, out var place))
            {
                Depart(now);
                _departures.TryPlace(sa, total, mayFragment, trafficClass, out place);
            }

            bool isSealed;
            var trailer = sa.TrailerFor(length);
            if (pieces.TryLay(i, trailer, out var text))
            {
                // The trailer is written to where the next piece begins.
                text[length..].CopyTo(behind);
                isSealed = sa.TrySeal(place, text, length, nextHeader);
                behind[..trailer].CopyTo(text[length..]);
            }
            else
            {
                text = place.Slice(sa.HeaderLength, length + trailer);
                pieces.Write(i, text[..length]);
                isSealed = sa.TrySeal(place, text, length, nextHeader);
            }

            if (!isSealed)
            {
                _drops.Count(DropReason.SequenceExhausted, pieces.Count - i);
                break;
            }

            _departures.Take(total);
        }
    }

    /// <summary>What ESP says that it carries: the upper layer, or a whole packet of its version (RFC 4303 §2.6).</summary>
    private static IpProtocol Carried(in IpPacket packet, EspSa sa) =>
        !sa.Tunnel ? packet.ProtectedProtocol : packet.IsV6 ? IpProtocol.Ipv6 : IpProtocol.IpInIp;

    /// <summary>Whether a packet that its path does not take is to be sent in fragments.</summary>
    private static bool MayFragment(in IpPacket packet, int length) =>
        packet.IsV6 ? length <= MinimumMtuV6 : !packet.DontFragment && packet.Protocol != IpProtocol.Tcp;

    /// <summary>Sees to it that a TCP peer sends no segments that would not fit the path once they are protected.</summary>
    private void ClampSegmentSize(Span<byte> segment, EspSa sa, bool isV6, TimeSpan now)
    {
        var innerMtu = EspOverhead.InnerMtu(_paths.Find(sa.Remote.Address, now), sa.Remote.Address.IsV6, sa.Encapsulation, sa.Algorithm, sa.Tunnel);
        TcpOptions.ClampMaximumSegmentSize(segment, EspOverhead.MaximumSegmentSize(innerMtu, isV6));
    }

    /// <summary>Sends what was protected.</summary>
    private void Depart(TimeSpan now)
    {
        var batch = _departures.Batch;
        if (batch.Count == 0)
        {
            return;
        }

        _outer.Send(batch);
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            if (slot.Length == 0)
            {
                continue;
            }

            _sent.Count(slot.Packets - slot.Refused, slot.Refused == 0 ? slot.Length : (slot.Packets - slot.Refused) * slot.SegmentSize);
            if (slot.SendResult > 0)
            {
                _drops.Count(DropReason.PathMtuExceeded, slot.Refused);
                Learn(slot.Remote.Address, slot.SendResult, now);
            }
            else
            {
                _drops.Count(slot.SendResult == PacketSlot.NoRoom ? DropReason.LinkFull : DropReason.SendFailed, slot.Refused);
            }

            if (slot.NarrowPath > 0)
            {
                Learn(slot.Remote.Address, slot.NarrowPath, now);
            }
        }

        _departures.Clear();
    }

    private void Learn(InetAddress remote, int pathMtu, TimeSpan now)
    {
        if (_paths.Learn(remote, pathMtu, now))
        {
            _events.PathNarrowed(remote);
        }
    }
}
