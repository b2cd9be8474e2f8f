using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>A machine: it can crash, lose its network, take another's address; its daemon can die alone.</summary>
public sealed class SimulatedHost
{
    private readonly SimulatedRandom _random;
    private readonly List<InetAddress> _addresses;
    private readonly List<SecurityPolicy> _policies;
    private HashSet<FlowKey> _held = [];
    private ulong _daemonLives;

    internal SimulatedHost(World world, HostPlan plan, SimulatedRandom random)
    {
        World = world;
        Plan = plan;
        _random = random;
        _addresses = [plan.Address];
        Sockets = new TcpStack(this);
        Fingerprint = Identities.Fingerprint(plan.Identity);
        _policies = [plan.Policy];
    }

    public World World { get; }

    public HostPlan Plan { get; }

    /// <summary>What stands in its configuration file now.</summary>
    public SecurityPolicy Policy => _policies[^1];

    /// <summary>What ever stood there, the present last.</summary>
    public IReadOnlyList<SecurityPolicy> Policies => _policies;

    public string Name => Plan.Name;

    public KeyFingerprint Fingerprint { get; }

    public TimeSpan Now => World.Now;

    public TcpStack Sockets { get; }

    /// <summary>The running daemon; null while it is down, and on a plain host.</summary>
    public SimulatedDaemon? Daemon { get; private set; }

    public bool IsUp { get; private set; }

    /// <summary>Its cable is in.</summary>
    public bool IsAttached { get; private set; }

    public IReadOnlyList<InetAddress> Addresses => _addresses;

    /// <summary>Its own address as hosts on the other side of a NAT see it.</summary>
    public InetAddress SeenAs => World.Network.NatOf(Plan.Address)?.Address ?? Plan.Address;

    public override string ToString() => Name;

    public void Boot()
    {
        if (!IsUp)
        {
            IsUp = true;
            World.Trace.Add(Name, "boots");
            Attach();
            StartDaemon();
        }
    }

    /// <summary>Power lost: sockets, SAs and latches are gone; the key and the address are not.</summary>
    public void Crash()
    {
        if (IsUp)
        {
            World.Trace.Add(Name, "crashes");
            World.Disturb(this);
            Detach();
            Daemon?.Kill();
            Daemon = null;
            IsUp = false;
            _held = [];
            Sockets.HostLost();
        }
    }

    public void Attach()
    {
        if (IsUp && !IsAttached)
        {
            World.Trace.Add(Name, "is on the network");
            IsAttached = true;
            _addresses.ForEach(address => World.Network.Claim(address, this));
        }
    }

    /// <summary>Vanishes from the network and notices nothing.</summary>
    public void Detach()
    {
        if (IsAttached)
        {
            World.Trace.Add(Name, "is off the network");
            IsAttached = false;
            _addresses.ForEach(address => World.Network.Unclaim(address, this));
        }
    }

    /// <summary>Claims an address that is, or was, another's.</summary>
    public void TakeOver(InetAddress address)
    {
        if (!_addresses.Contains(address))
        {
            World.Trace.Add(Name, $"takes {address}");
            World.Disturb(address);
            _addresses.Add(address);
            if (IsAttached)
            {
                World.Network.Claim(address, this);
            }
        }
    }

    /// <summary>Gives back every address that is not its own.</summary>
    public void GiveBack()
    {
        foreach (var address in _addresses.Skip(1).ToArray())
        {
            World.Trace.Add(Name, $"gives {address} back");
            World.Disturb(address);
            _addresses.Remove(address);
            World.Network.Unclaim(address, this);
        }
    }

    public void StartDaemon()
    {
        if (IsUp && Plan.RunsLatchkey && Daemon is null)
        {
            World.Trace.Add(Name, "starts its daemon");
            Daemon = new SimulatedDaemon(this, _random.Fork(_daemonLives++));
            Daemon.CloseOrphans([.. Sockets.Open.Select(socket => socket.Flow)], _held);
        }
    }

    /// <summary><c>kill -9</c>: the datapath dies with the daemon, the rules that send protected packets to it stay.</summary>
    public void KillDaemon()
    {
        if (Daemon is not null)
        {
            World.Trace.Add(Name, "loses its daemon");
            World.Disturb(this);
            Daemon.Kill();
            Daemon = null;
        }
    }

    /// <summary>An orderly stop: the daemon says goodbye first.</summary>
    public void StopDaemon()
    {
        if (Daemon is not null)
        {
            World.Trace.Add(Name, "stops its daemon");
            World.Disturb(this);
            Daemon.Shutdown();
            Daemon = null;
        }
    }

    /// <summary>The administrator edits the configuration and has the running daemon read it.</summary>
    public void ChangePolicy(SecurityPolicy policy)
    {
        if (Daemon is not null)
        {
            World.Trace.Add(Name, "gets another policy");
            World.Disturb(this);
            _policies.Add(policy);
            Daemon.ChangePolicy(policy);
        }
    }

    /// <summary>These flows, and no others that policy does not cover, are kept from leaving in clear; also without a daemon.</summary>
    internal void Hold(IEnumerable<FlowKey> flows) => _held = [.. flows];

    /// <summary>A segment from a local socket on its way out.</summary>
    internal void Transmit(Segment segment)
    {
        if (!IsProtected(segment.Flow))
        {
            Send(new ClearDatagram(segment));
        }
        else
        {
            Daemon?.Datapath.Output(segment);
        }
    }

    /// <summary>Puts a datagram on the network.</summary>
    internal void Send(Datagram datagram)
    {
        World.Trace.Add(Name, datagram);
        World.Watch(invariant => invariant.Sent(this, datagram));
        World.Network.Send(this, datagram);
    }

    /// <summary>A datagram from the network.</summary>
    internal void Receive(Datagram datagram)
    {
        World.Touch(this);
        switch (datagram)
        {
            case IkeDatagram ike:
                Daemon?.Receive(ike);
                break;
            case EspDatagram esp:
                Daemon?.Datapath.Input(esp);
                break;
            case ClearDatagram clear when !IsProtected(clear.Segment.Flow.Reversed):
                Sockets.Arrive(clear.Segment);
                break;
        }
    }

    /// <summary>An opened segment on its way to a local socket.</summary>
    internal void Deliver(Segment segment) => Sockets.Arrive(segment);

    private bool IsProtected(FlowKey flow) => Plan.RunsLatchkey && (Policy.Find(flow) is not null || _held.Contains(flow));
}
