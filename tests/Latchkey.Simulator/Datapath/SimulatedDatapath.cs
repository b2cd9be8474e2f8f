using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// The third implementation of <see cref="IDatapath"/>: the same rules as the user's and the kernel's, but packets are
/// records and encryption is a record that names its key.
/// </summary>
public sealed class SimulatedDatapath : IDatapath
{
    private readonly SimulatedHost _host;
    private readonly IDatapathEvents _events;
    private readonly SilenceWatch _silence;
    private readonly Dictionary<FlowKey, FlowRecord> _flows = [];
    private readonly Dictionary<uint, InstalledSa> _inbound = [];
    private readonly List<InstalledSa> _outbound = [];

    public SimulatedDatapath(SimulatedHost host, IDatapathEvents events)
    {
        _host = host;
        _events = events;
        _silence = new SilenceWatch(host.World.Events, events.Unanswered);
    }

    public IEnumerable<InstalledSa> Sas => _inbound.Values.Concat(_outbound);

    public IEnumerable<(FlowKey Flow, ChannelId Channel)> BoundFlows =>
        _flows.Where(flow => flow.Value.Channel is not null).Select(flow => (flow.Key, flow.Value.Channel!.Value));

    public bool IsBlocked(FlowKey flow) => _flows.TryGetValue(flow, out var record) && record.Blocked is not null;

    public ChannelId? ChannelOf(FlowKey flow) => _flows.TryGetValue(flow, out var record) ? record.Channel : null;

    public void Install(EspSa sa)
    {
        ArgumentNullException.ThrowIfNull(sa);
        var installed = new InstalledSa(sa, KeyId.Of(sa.KeyMaterial.Span));
        sa.KeyMaterial.Dispose();
        if (sa.Direction == SaDirection.Inbound)
        {
            if (!_inbound.TryAdd(sa.Spi, installed))
            {
                throw new InvariantViolatedException("SPIs are unique", $"{_host} installs inbound SPI {sa.Spi:x8} twice");
            }
        }
        else
        {
            _outbound.Add(installed);
        }

        _host.World.Ledger.Installed(_host, installed);
        _host.World.Watch(invariant => invariant.Installed(_host, installed));
        ReleaseHeldUnder(installed);
    }

    public void Remove(SaDirection direction, ChannelId channel, uint spi)
    {
        var removed = direction == SaDirection.Inbound ? _inbound.Remove(spi) : _outbound.RemoveAll(sa => sa.Spi == spi && sa.Channel == channel) > 0;
        if (!removed)
        {
            throw new InvariantViolatedException("Only what was installed is removed", $"{_host} removes {direction} SPI {spi:x8}, which is not there");
        }
    }

    public void Move(ChannelId channel, uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation)
    {
        if (_outbound.FindLast(sa => sa.Spi == spi && sa.Channel == channel) is not { } moving)
        {
            throw new InvariantViolatedException("Only what was installed is moved", $"{_host} moves outbound SPI {spi:x8}, which is not there");
        }

        var ends = new AddressPair(local.Address, remote.Address);
        if (!moving.Tunnel || !_host.Policy.Protect.Any(entry => entry.Tunnel is { Moves: true } && entry.MayBeBetween(ends)))
        {
            throw new InvariantViolatedException("Only tunnels move, and only to where they may be", $"{_host} moves {moving} to {ends}");
        }

        moving.Move(local, remote, encapsulation);
    }

    public void Bind(FlowKey flow, ChannelId channel)
    {
        var record = Record(flow);
        var heldOut = record.HeldOut.ToArray();
        var heldIn = record.HeldIn.ToArray();
        record.HeldOut.Clear();
        record.HeldIn.Clear();
        record.Bind(channel);
        _host.World.Watch(invariant => invariant.Bound(_host, flow, channel));
        foreach (var (segment, cameUnder) in heldIn)
        {
            if (cameUnder == channel)
            {
                _host.Deliver(segment);
            }
        }

        foreach (var segment in heldOut)
        {
            Output(segment);
        }
    }

    public void Clear(FlowKey flow)
    {
        var record = Record(flow);
        if (record.Channel is not null || record.Blocked is not null)
        {
            throw new InvariantViolatedException("A latched flow never goes in clear", $"{_host} lets {flow} go in clear");
        }

        record.InClear = true;
        record.Asked.Clear();
        _host.InClear.Add(flow);
        while (record.HeldClear.TryDequeue(out var segment))
        {
            _host.Deliver(segment);
        }

        while (record.HeldOut.TryDequeue(out var segment))
        {
            _host.Send(new ClearDatagram(segment));
        }

        record.HeldIn.Clear();
    }

    public void Block(FlowKey flow, DropReason reason)
    {
        _host.InClear.Remove(flow);
        Record(flow).Block(reason);
    }

    public void Forget(FlowKey flow)
    {
        _host.InClear.Remove(flow);
        _flows.Remove(flow);
        Followed.Remove(flow);
    }

    /// <summary>Flows that no socket has, and for how long they may be silent. Nobody looks for their end here.</summary>
    public Dictionary<FlowKey, TimeSpan> Followed { get; } = [];

    public void Follow(FlowKey flow, TimeSpan idle) => Followed[flow] = idle;

    public void Notify(FlowKey flow, FlowNotice notice)
    {
        if (!IsBlocked(flow))
        {
            throw new InvariantViolatedException("Block comes before Notify", $"{_host} notifies {flow}, which is not blocked");
        }

        _host.Sockets.Notice(flow, notice);
    }

    /// <summary>A segment of a local socket.</summary>
    public void Output(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        var record = Record(segment.Flow);
        if (record.Blocked is not null)
        {
            return;
        }

        if (record.InClear && !segment.BeginsConnection)
        {
            _host.Send(new ClearDatagram(segment));
            return;
        }

        if (record.Channel is not { } channel)
        {
            record.InClear = false;
            _host.InClear.Remove(segment.Flow);
            record.Hold(segment);
            if (record.ShouldAsk(FlowQuestion.Outbound, _host.Now))
            {
                _events.OutboundFlowUnknown(segment.Flow, !segment.BeginsConnection);
            }
        }
        else if ((_outbound.FindLast(sa => sa.Channel == channel && sa.Selectors.SingleFlow == segment.Flow)
            ?? _outbound.FindLast(sa => sa.Channel == channel && sa.Selectors.Covers(segment.Flow))) is { } sa)
        {
            Seal(sa, segment);
        }
        else
        {
            record.Hold(segment);
            if (record.ShouldAsk(FlowQuestion.SaMissing, _host.Now))
            {
                _events.SaMissing(segment.Flow, channel);
            }
        }
    }

    /// <summary>A packet from the network.</summary>
    public void Input(EspDatagram datagram)
    {
        ArgumentNullException.ThrowIfNull(datagram);
        var packet = datagram.Sealed;
        if (!_inbound.TryGetValue(packet.Spi, out var sa))
        {
            _events.UnknownSpi(packet.Spi, datagram.To, datagram.From, datagram.Encapsulation);
            return;
        }

        // In transport mode the addresses of the packet are those of the datagram, whatever the record says.
        var flow = packet.Segment.Flow.Reversed;
        flow = sa.Tunnel ? flow : flow with { Local = datagram.Destination, Remote = datagram.Source };
        if (packet.Key != sa.Key || !sa.Accept(packet.Sequence) || !sa.Selectors.Covers(flow))
        {
            return;
        }

        var segment = packet.Segment with { Flow = flow.Reversed };
        _silence.Heard(sa.Channel);
        if (!sa.Heard)
        {
            sa.Heard = true;
            _events.FirstInbound(sa.Spi, sa.Channel);
        }

        var record = Record(flow);
        if (record.Channel == sa.Channel)
        {
            _host.Deliver(segment);
        }
        else if (record.Channel is null && record.Blocked is null && !record.InClear)
        {
            record.Hold(segment, sa.Channel);
            if (record.ShouldAsk(FlowQuestion.Inbound, _host.Now))
            {
                _events.InboundFlowUnknown(flow, sa.Channel, sa.Spi, !segment.BeginsConnection);
            }
        }
        else if (record.Channel is not null && record.ShouldAsk(FlowQuestion.OfAnother, _host.Now))
        {
            _events.FlowOfAnother(flow, sa.Channel);
        }
    }

    /// <summary>A segment that begins a connection, in clear, where that may be allowed.</summary>
    public void Knock(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        var flow = segment.Flow.Reversed;
        var record = Record(flow);
        if (record.Channel is null && record.Blocked is null)
        {
            record.HoldClear(segment);
            if (record.ShouldAsk(FlowQuestion.Clear, _host.Now))
            {
                _events.ClearFlowUnknown(flow);
            }
        }
    }

    /// <summary>Says that an SA is worn out, as a datapath does when its sequence numbers run low.</summary>
    public void WearOut(InstalledSa sa)
    {
        ArgumentNullException.ThrowIfNull(sa);
        _events.SaWearingOut(sa.Direction, sa.Spi, sa.Channel);
    }

    public void Stop() => _silence.Stop();

    private FlowRecord Record(FlowKey flow)
    {
        if (!_flows.TryGetValue(flow, out var record))
        {
            _flows[flow] = record = new FlowRecord();
        }

        return record;
    }

    private void Seal(InstalledSa sa, Segment segment)
    {
        if (segment.Length > 0 || segment.Has(SegmentFlags.Syn) || segment.Has(SegmentFlags.Fin))
        {
            _silence.Sent(sa.Channel);
        }

        var packet = new SealedSegment(sa.Spi, sa.Key, sa.NextSequence(), segment);
        _host.Send(new EspDatagram(Outer(sa, sa.Local), Outer(sa, sa.Remote), sa.Encapsulation, packet));
    }

    private static InetEndpoint Outer(InstalledSa sa, InetEndpoint end) => sa.Encapsulation == Encapsulation.Udp ? end : end with { Port = 0 };

    private void ReleaseHeldUnder(InstalledSa sa)
    {
        foreach (var record in _flows.Values.Where(record => record.Channel == sa.Channel && record.HeldOut.Count > 0).ToArray())
        {
            var held = record.HeldOut.ToArray();
            record.HeldOut.Clear();
            record.Asked.Remove(FlowQuestion.SaMissing);
            foreach (var segment in held)
            {
                Output(segment);
            }
        }
    }
}
