using Latchkey.Contract;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>One life of a daemon: a real engine, the simulated datapath, and the loop between them.</summary>
public sealed class SimulatedDaemon : IDatapathEvents
{
    private static readonly TimeSpan SocketCheckInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EventDelayMaximum = TimeSpan.FromMicroseconds(200);

    // Deadlines the engine may ask for at one instant before it must be turning in circles.
    private const int DeadlinesAtOnce = 100;

    private readonly SimulatedHost _host;
    private readonly SimulatedRandom _delays;
    private readonly List<Effect> _effects = [];
    private readonly Dictionary<InetAddress, int> _ikeReceived = [];
    private readonly TimeSpan _started;
    private PlannedEvent? _deadline;
    private PlannedEvent? _socketCheck;
    private TimeSpan _lastDeadline = -TimeSpan.FromSeconds(1);
    private int _deadlinesAtOnce;
    private bool _stopped;

    internal SimulatedDaemon(SimulatedHost host, SimulatedRandom random)
    {
        _host = host;
        _started = host.Now;
        _delays = random.Fork(1);
        Datapath = new SimulatedDatapath(host, this);
        Engine = new LatchEngine(Settings(host), host.Policy, Identities.Key(host.Identity), random.Fork(0), host.Journal);
        Engine.RememberIpsecHosts(host.IpsecHosts.Select(known => (known.Key, known.Value)));
        _socketCheck = host.World.Events.After(SocketCheckInterval, CheckSockets);
    }

    public LatchEngine Engine { get; }

    public SimulatedDatapath Datapath { get; }

    public SimulatedHost Host => _host;

    /// <summary>Every event raised in this life, in order.</summary>
    public List<EngineEvent> Raised { get; } = [];

    public void OutboundFlowUnknown(FlowKey flow, bool midway) =>
        Post("outbound flow unknown", now => Engine.HandleOutboundFlow(now, flow, midway: midway));

    public void InboundFlowUnknown(FlowKey flow, ChannelId channel, uint spi, bool midway) =>
        Post("inbound flow unknown", now => Engine.HandleInboundFlow(now, flow, channel, spi, midway));

    public void FlowEnded(FlowKey flow, FlowEnd end) => Post("flow ended", now => Engine.HandleFlowEnded(now, flow, end));

    public void ClearFlowUnknown(FlowKey flow) => Post("clear flow unknown", now => Engine.HandleClearFlow(now, flow));

    public void FlowOfAnother(FlowKey flow, ChannelId channel) =>
        Post("flow of another", now => Engine.HandleFlowOfAnother(now, flow, channel));

    public void SaMissing(FlowKey flow, ChannelId channel) => Post("SA missing", now => Engine.HandleSaMissing(now, flow, channel));

    public void UnknownSpi(uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) =>
        Post("unknown SPI", now => Engine.HandleUnknownSpi(now, spi, local, remote));

    public void Unanswered(ChannelId channel, TimeSpan silence) =>
        Post("unanswered", now => Engine.HandleUnanswered(now, channel, silence));

    public void FirstInbound(uint spi, ChannelId channel) => Post("first inbound", now => Engine.HandleFirstInbound(now, spi, channel));

    public void PathNarrowed(InetAddress remote)
    {
        // Packets have no size here, so every path is wide enough.
    }

    public void SaWearingOut(SaDirection direction, uint spi, ChannelId channel) =>
        Post("SA wearing out", now => Engine.HandleSaWearingOut(now, direction, spi, channel));

    public void IkeDatagram(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        var octets = message.ToArray();
        Call($"IKE from {remote}", now => Engine.HandleIkeDatagram(now, local, remote, octets));
    }

    public bool CloseLatch(LatchId latch)
    {
        var closed = false;
        Call($"administrator closes latch {latch}", now => closed = Engine.CloseLatch(now, latch));
        return closed;
    }

    /// <summary>The latches of the daemon before this one.</summary>
    internal void Restore(IReadOnlyCollection<LatchRecord> latches) => Call("restoration", now => Engine.RestoreLatches(now, latches));

    /// <summary>Flows that went in clear before this daemon did anything.</summary>
    internal void Adopt(IReadOnlyCollection<FlowKey> flows, bool byUs) => Call("adoption", now => Engine.AdoptClearFlows(now, flows, byUs));

    /// <summary>An application asks something of the engine.</summary>
    public void Ask(Action<TimeSpan> question) => Call("an application asks", question);

    /// <summary>A flow whose application asked for something before it connected.</summary>
    public void HandleOutboundFlow(FlowKey flow, FlowWishes wishes) => Call("outbound flow with wishes", now => Engine.HandleOutboundFlow(now, flow, wishes));

    /// <summary>Sockets that lived before this daemon did.</summary>
    internal void CloseOrphans(IReadOnlyCollection<FlowKey> flows, IReadOnlySet<FlowKey> held) => Call("orphans", now =>
    {
        if (Engine.CloseOrphans(now, flows, held))
        {
            _host.Disk.BeginLife(now);
        }

        Engine.Birth = _host.Plan.IsForeign ? null : _host.Disk.Birth;
    });

    /// <summary>What the daemon learns from the kernel's notifications.</summary>
    internal void LocalAddressesChanged() =>
        Call("local addresses", now => Engine.HandleLocalAddresses(now, [.. _host.Addresses.Select(InetPrefix.Of)]));

    internal void ChangePolicy(SecurityPolicy policy) => Call("policy change", now =>
    {
        Engine.ChangePolicy(now, policy, [.. _host.Sockets.Open.Where(socket => socket.IsEstablished).Select(socket => socket.Flow)]);
        _host.Hold(Engine.FlowsOutsidePolicy());
    });

    /// <summary>What a person does with <c>latchkey pin</c>, <c>unpin</c> and <c>forget</c>.</summary>
    public int ChangePins(InetAddress address, Func<PinSet, PinSet> change)
    {
        var closed = 0;
        _host.PinStore.Change(change);
        Call("a person changes a pin", now => closed = Engine.ChangePins(now, address, change, $"a person changes the pin of {address}"));
        return closed;
    }

    /// <summary>IKE messages that came from an address, or in its name, in this life.</summary>
    public int IkeMessagesReceivedFrom(InetAddress address) => _ikeReceived.GetValueOrDefault(address);

    internal void Receive(IkeDatagram datagram)
    {
        _ikeReceived[datagram.Source] = IkeMessagesReceivedFrom(datagram.Source) + 1;
        IkeDatagram(datagram.To, datagram.From, datagram.Message);
    }

    internal void Shutdown()
    {
        Call("shutdown", Engine.Shutdown);
        _host.World.Watch(invariant => invariant.ShutDown(this));
        Kill();
    }

    internal void Kill()
    {
        _host.World.Watch(invariant => invariant.Killed(this));
        _stopped = true;
        _deadline?.Cancel();
        _socketCheck?.Cancel();
        Datapath.Stop();
        Engine.Dispose();
    }

    // The datapath speaks from its own threads: the engine hears of it a moment later, when more may have happened.
    private void Post(string cause, Action<TimeSpan> call) =>
        _host.World.Events.After(_delays.Between(TimeSpan.Zero, EventDelayMaximum), () => Call(cause, call));

    private void Call(string cause, Action<TimeSpan> call)
    {
        if (_stopped)
        {
            return;
        }

        _host.World.Touch(_host);
        call(_host.Now);
        CarryOut(cause);
        PlanDeadline();
    }

    private void CarryOut(string cause)
    {
        _effects.Clear();
        while (Engine.TryTakeEffect(out var effect))
        {
            _effects.Add(effect);
            if (effect is not SendIke)
            {
                _host.World.Trace.Add(_host.Name, effect is Raise raise ? new Told(raise.Event) : effect);
            }

            CarryOut(effect);
        }

        if (_effects.Count > 0)
        {
            _host.World.Watch(invariant => invariant.Answered(this, cause, _effects));
        }
    }

    private void CarryOut(Effect effect)
    {
        switch (effect)
        {
            case SendIke send:
                _host.Send(new IkeDatagram(send.Local, send.Remote, send.Message));
                break;
            case SendNatKeepalive:
                // The simulated NAT forgets nothing.
                break;
            case InstallSa install:
                Datapath.Install(install.Sa);
                break;
            case RemoveSa remove:
                Datapath.Remove(remove.Direction, remove.Channel, remove.Spi);
                break;
            case MoveSa move:
                Datapath.Move(move.Channel, move.Spi, move.Local, move.Remote, move.Encapsulation);
                break;
            case BindFlow bind:
                Datapath.Bind(bind.Flow, bind.Channel);
                break;
            case FollowFlow follow:
                Datapath.Follow(follow.Flow, follow.Idle);
                break;
            case ClearFlowOpened opened:
                Datapath.Clear(opened.Flow);
                break;
            case RecordIpsecHost record:
                _host.IpsecHosts.TryAdd(record.Host, _host.Now);
                break;
            case BlockFlow block:
                Datapath.Block(block.Flow, block.Reason);
                break;
            case ForgetFlow forget:
                Datapath.Forget(forget.Flow);
                break;
            case NotifyFlow notify:
                Datapath.Notify(notify.Flow, notify.Notice);
                break;
            case RecordPin record:
                // The disk takes its time; a daemon that dies meanwhile has recorded nothing.
                Post("pin recorded", now => Engine.HandlePinRecorded(now, record.Pin, _host.PinStore.Record(record.Pin, record.InPlaceOf)));
                break;
            case Raise raise:
                Raised.Add(raise.Event);
                ExcuseWhoCouldNotProveHimself(raise.Event);
                _host.World.Watch(invariant => invariant.Raised(this, raise.Event));
                break;
        }
    }

    // Who is cut off because a bad network kept it from proving itself anew, or because it ran no daemon, is cut off rightly.
    private void ExcuseWhoCouldNotProveHimself(EngineEvent raised)
    {
        var world = _host.World;
        if (raised is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.AuthenticationExpired), PeerAddress: { } peer }
            && _host.Now - world.Plan.Engine.Ike.AuthenticationLifetime is { } since
            && (world.Network.LastLost > since || world.Hosts.Any(host => host.Plan.RunsLatchkey && !(host.Daemon?._started <= since))))
        {
            world.Disturb(peer);
        }
    }

    private void PlanDeadline()
    {
        _deadline?.Cancel();
        _deadline = Engine.NextDeadline is { } due ? _host.World.Events.At(due, MeetDeadline) : null;
    }

    private void MeetDeadline()
    {
        _deadlinesAtOnce = _lastDeadline == _host.Now ? _deadlinesAtOnce + 1 : 0;
        _lastDeadline = _host.Now;
        if (_deadlinesAtOnce > DeadlinesAtOnce)
        {
            throw new InvariantViolatedException("Deadlines come to an end", $"the engine of {_host} asks for one deadline after the other without time passing");
        }

        Call("deadline", Engine.HandleDeadline);
    }

    // What the daemon learns from the kernel's list of sockets.
    private void CheckSockets()
    {
        var gone = Engine.LatchedFlows().Where(flow => !flow.Remote.IsUnspecified && !_host.Sockets.Has(flow)).ToArray();
        if (gone.Length > 0)
        {
            Call("sockets gone", now => Engine.HandleSocketsGone(now, gone));
            _host.Hold(Engine.FlowsOutsidePolicy());
        }

        _socketCheck = _host.World.Events.After(SocketCheckInterval, CheckSockets);
    }

    private static EngineSettings Settings(SimulatedHost host)
    {
        var settings = host.World.Plan.Engine;
        return host.Plan.IsForeign ? settings : settings with { Ike = settings.Ike with { QcdSecrets = [host.Disk.QcdSecret], Vouchers = host.Vouchers } };
    }

    /// <summary>An event as it stands in the trace.</summary>
    private sealed record Told(EngineEvent Event)
    {
        public override string ToString() => $"* {Event.Kind}: {Event.Text}";
    }
}
