using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <content>From the TUN device to the outer links.</content>
public sealed partial class UserDatapath
{
    /// <summary>Below this a router must not ask an IPv6 host to go (RFC 8200 §5): the outer packet is fragmented instead.</summary>
    private const int MinimumMtuV6 = 1280;

    // Packets that were held or put together: copies, larger than a batch of the TUN device may allow.
    private readonly PacketBatch _copies = new(capacity: 16, packetSize: ushort.MaxValue);

    /// <summary>Protects and sends the packets of local sockets; the batch is used up.</summary>
    public void ProcessOutbound(PacketBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            var now = _clock();
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch[i].Length != 0)
                {
                    Outbound(batch, i, mayFragment: false, now);
                }
            }

            SendOuter(batch, now);
            Flush();
        }
    }

    private static bool IsMulticast(InetAddress address) =>
        address.IsV6 ? (byte)(address.ToNumber() >> 120) == 0xFF : (uint)address.ToNumber() >> 28 == 0xE;

    private void Outbound(PacketBatch batch, int index, bool mayFragment, TimeSpan now)
    {
        var kind = IpPacket.Read(batch.Data(index), out var packet);
        if (kind == IpPacketKind.Fragment)
        {
            var whole = _fragments.Add(batch.Data(index), now);
            batch[index].Length = 0;
            if (!whole.IsEmpty)
            {
                OutboundCopy(whole, mayFragment: true, now);
            }
        }
        else if (kind == IpPacketKind.Malformed)
        {
            Drop(batch, index, DropReason.Malformed);
        }
        else if (kind == IpPacketKind.Unsupported || IsMulticast(packet.Destination)
            || packet.ProtectedOffset != (packet.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength))
        {
            // Options and headers that stand before ESP (RFC 4303 §3.1.1) belong to the outer packet, whose header the
            // kernel makes. They are not carried, and a packet is not sent without what its sender put into it.
            Drop(batch, index, DropReason.UnsupportedProtocol);
        }
        else
        {
            batch[index].Length = packet.Length;
            OutboundWhole(batch, index, packet, mayFragment, now);
        }
    }

    private void OutboundWhole(PacketBatch batch, int index, in IpPacket packet, bool mayFragment, TimeSpan now)
    {
        var key = packet.OutboundFlow;
        TcpView segment = default;
        if (packet.Protocol == IpProtocol.Tcp && !TcpView.TryCreate(batch.Data(index)[packet.UpperOffset..], out segment))
        {
            Drop(batch, index, DropReason.Malformed);
            return;
        }

        if (FindOrAdd(key) is not { } flow)
        {
            Drop(batch, index, DropReason.FlowTableFull);
            return;
        }

        var mustBeAnswered = packet.Protocol == IpProtocol.Tcp && flow.Tcp.Sent(segment);
        if (flow.State == FlowState.Blocked)
        {
            Drop(batch, index, _notices.HandleLocalPacket(flow, segment, now) ? DropReason.NoticeAnswer : flow.BlockReason);
        }
        else if (flow.State == FlowState.Bound && flow.Outbound is { } sa)
        {
            Protect(batch, index, sa, packet, mayFragment, now);
            if (mustBeAnswered || packet.Protocol != IpProtocol.Tcp)
            {
                flow.Channel!.Answers.Sent(now, mustBeAnswered);
            }
        }
        else if (flow.State == FlowState.Clear && !BeginsConnection(packet, segment))
        {
            _clear.Send(batch.Data(index));
            batch[index].Length = 0;
        }
        else
        {
            Reconsider(flow);
            _holds.Hold(flow, batch.Data(index), arrivedUnder: null, mayFragment, now);
            batch[index].Length = 0;
            if (flow.MayAsk(now, _settings.QuestionInterval))
            {
                AskOutbound(flow);
            }
        }
    }

    private void AskOutbound(Flow flow)
    {
        if (flow.State == FlowState.Bound)
        {
            _events.SaMissing(flow.Key, flow.Channel!.Id);
        }
        else
        {
            _events.OutboundFlowUnknown(flow.Key);
        }
    }

    private void Protect(PacketBatch batch, int index, OutboundSa sa, in IpPacket packet, bool mayFragment, TimeSpan now)
    {
        ref var slot = ref batch[index];
        var data = batch.Data(index);
        if (packet.Protocol == IpProtocol.Tcp)
        {
            ClampSegmentSize(data[packet.UpperOffset..], sa.Sa, packet.IsV6, now);
        }

        var offset = slot.Offset + packet.ProtectedOffset;
        var length = packet.Length - packet.ProtectedOffset;
        if (!sa.TrySeal(batch.Room(index), ref offset, ref length, packet.ProtectedProtocol))
        {
            Drop(batch, index, DropReason.SequenceExhausted);
            return;
        }

        slot.Offset = offset;
        slot.Length = length;
        slot.Local = Outer(sa.Sa, sa.Sa.Local);
        slot.Remote = Outer(sa.Sa, sa.Sa.Remote);
        slot.MayFragment = mayFragment
            || (packet.IsV6 ? packet.Length <= MinimumMtuV6 : !packet.DontFragment && packet.Protocol != IpProtocol.Tcp);
        ReportWear(SaDirection.Outbound, sa.Sa, sa.Traffic, sa.Sequence);
    }

    private static InetEndpoint Outer(EspSa sa, InetEndpoint end) =>
        sa.Encapsulation == Encapsulation.Udp ? end : end with { Port = 0 };

    /// <summary>Sees to it that a TCP peer sends no segments that would not fit the path once they are protected.</summary>
    private void ClampSegmentSize(Span<byte> segment, EspSa sa, bool isV6, TimeSpan now)
    {
        if (((TcpFlags)segment[13] & TcpFlags.Syn) != 0)
        {
            var innerMtu = EspOverhead.InnerMtu(_paths.Find(sa.Remote.Address, now), isV6, sa.Encapsulation, sa.Algorithm);
            TcpOptions.ClampMaximumSegmentSize(segment, EspOverhead.MaximumSegmentSize(innerMtu, isV6));
        }
    }

    /// <summary>Handles a packet that does not lie in a batch of the TUN device.</summary>
    private void OutboundCopy(ReadOnlySpan<byte> packet, bool mayFragment, TimeSpan now)
    {
        if (_copies.Count == _copies.Capacity)
        {
            FlushCopies();
        }

        var index = _copies.Count++;
        _copies[index].Length = packet.Length;
        packet.CopyTo(_copies.Data(index));
        Outbound(_copies, index, mayFragment, now);
    }

    private void FlushCopies()
    {
        if (_copies.Count > 0)
        {
            SendOuter(_copies, _clock());
            _copies.Clear();
        }
    }

    private void SendOuter(PacketBatch batch, TimeSpan now)
    {
        _outer.Send(batch);
        for (var i = 0; i < batch.Count; i++)
        {
            ref var slot = ref batch[i];
            if (slot.Length == 0)
            {
                continue;
            }

            if (slot.SendResult == 0)
            {
                _sent.Count(slot.Length);
            }
            else if (slot.SendResult > 0)
            {
                _drops.Count(DropReason.PathMtuExceeded);
                if (_paths.Learn(slot.Remote.Address, slot.SendResult, now))
                {
                    _events.PathNarrowed(slot.Remote.Address);
                }
            }
            else
            {
                _drops.Count(DropReason.SendFailed);
            }
        }
    }
}
