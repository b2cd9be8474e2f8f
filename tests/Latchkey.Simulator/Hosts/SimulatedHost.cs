using System.Collections.Immutable;
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
        Identity = plan.Identity;
        _policies = [plan.Policy];
        RunsLatchkey = plan.RunsLatchkey;
    }

    public World World { get; }

    public HostPlan Plan { get; }

    /// <summary>What stands in its configuration file now.</summary>
    public SecurityPolicy Policy => _policies[^1] with { Pins = PinStore.Pins };

    /// <summary>What ever stood there, the present last.</summary>
    public IReadOnlyList<SecurityPolicy> Policies => _policies;

    public string Name => Plan.Name;

    /// <summary>Number of its key.</summary>
    public int Identity { get; private set; }

    public KeyFingerprint Fingerprint => Identities.Fingerprint(Identity);

    /// <summary>What former keys said of their successors; a host may show those of others.</summary>
    public ImmutableArray<KeyVoucher> Vouchers { get; set; } = [];

    public TimeSpan Now => World.Now;

    public TcpStack Sockets { get; }

    public SimulatedDisk Disk => World.Disk(Plan.Identity);

    /// <summary>Latchkey is installed; the daemon may be down.</summary>
    public bool RunsLatchkey { get; private set; }

    /// <summary>Flows that the kernel carries in clear; they outlive the daemon.</summary>
    public HashSet<FlowKey> InClear { get; } = [];

    /// <summary>What the state directory holds of hosts that spoke IPsec; it outlives everything.</summary>
    public Dictionary<InetAddress, TimeSpan> IpsecHosts { get; } = [];

    /// <summary>What its daemon leaves to the next; another one after a crash of the host, and when Latchkey was taken away.</summary>
    public SimulatedJournal Journal { get; private set; } = new();

    /// <summary>At some time its journal could not be written, and connections may have been refused.</summary>
    public bool WasWithoutRoom { get; private set; }

    public SimulatedPinStore PinStore { get; } = new();

    /// <summary>The running daemon; null while it is down, and on a plain host.</summary>
    public SimulatedDaemon? Daemon { get; private set; }

    public bool IsUp { get; private set; }

    /// <summary>Its cable is in.</summary>
    public bool IsAttached { get; private set; }

    public IReadOnlyList<InetAddress> Addresses => _addresses;

    /// <summary>Its own address as hosts on the other side of a NAT see it.</summary>
    public InetAddress SeenAs => World.Network.NatOf(Plan.Address)?.Address ?? Plan.Address;

    public override string ToString() => Name;

    /// <summary><c>latchkey rotate</c>, while no daemon runs: another key, for which the old one vouches.</summary>
    public void Rotate(int identity)
    {
        using var old = Identities.Key(Identity);
        Vouchers = Vouchers.Add(KeyVoucher.Sign(old, Identities.Fingerprint(identity), made: 0));
        Identity = identity;
    }

    public void Boot()
    {
        if (!IsUp)
        {
            IsUp = true;
            World.Trace.Add(Name, "boots");
            Disk.BeginLife(Now);
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
            InClear.Clear();
            Sockets.HostLost();
            Journal = new SimulatedJournal();
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
            Daemon?.LocalAddressesChanged();
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
            Lose(address);
        }

        Daemon?.LocalAddressesChanged();
    }

    /// <summary>Has another address instead of one, as a host that moves to another network.</summary>
    public void Move(InetAddress from, InetAddress to)
    {
        Lose(from);
        TakeOver(to);
    }

    private void Lose(InetAddress address)
    {
        World.Trace.Add(Name, $"gives {address} back");
        World.Disturb(address);
        _addresses.Remove(address);
        World.Network.Unclaim(address, this);
    }

    public void StartDaemon()
    {
        if (IsUp && RunsLatchkey && Daemon is null)
        {
            World.Trace.Add(Name, "starts its daemon");
            Daemon = new SimulatedDaemon(this, _random.Fork(_daemonLives++));
            Daemon.Restore([.. Journal.Records.Where(record => record.IsForwarded || Sockets.Has(record.Flow))]);
            Daemon.Adopt([.. InClear.Where(Sockets.Has)], byUs: true);
            InClear.IntersectWith(Daemon.Engine.ClearFlows().Select(f => f.Flow));
            Daemon.CloseOrphans([.. Sockets.Open.Where(socket => socket.IsEstablished).Select(socket => socket.Flow)], _held);
            Daemon.LocalAddressesChanged();
        }
    }

    /// <summary>A plain host begins to run Latchkey; its connections go on in clear where policy lets them.</summary>
    public void Install()
    {
        if (!RunsLatchkey)
        {
            World.Trace.Add(Name, "installs Latchkey");
            RunsLatchkey = true;
            Daemon = new SimulatedDaemon(this, _random.Fork(_daemonLives++));
            Daemon.Adopt([.. Sockets.Open.Where(socket => socket.IsEstablished).Select(socket => socket.Flow)], byUs: false);
            Daemon.CloseOrphans([.. Sockets.Open.Where(socket => socket.IsEstablished).Select(socket => socket.Flow)], _held);
            Daemon.LocalAddressesChanged();
        }
    }

    /// <summary>The host is a plain one from here on: nothing protects it, and nothing closes it.</summary>
    public void Uninstall()
    {
        if (RunsLatchkey)
        {
            KillDaemon();
            World.Trace.Add(Name, "is without Latchkey");
            RunsLatchkey = false;
            InClear.Clear();
            Journal = new SimulatedJournal();
        }
    }

    /// <summary>What the next daemon could know is gone: it must reset what it does not know.</summary>
    public void DamageJournal()
    {
        World.Trace.Add(Name, "has its journal damaged");
        World.Disturb(this);
        Journal.Empty();
    }

    /// <summary>The folder of the journal has no room, or has again.</summary>
    public void FillJournal(bool full)
    {
        World.Trace.Add(Name, full ? "has no room for its journal" : "has room for its journal");
        Journal.IsFull = full;
        WasWithoutRoom |= full;
    }

    /// <summary><c>kill -9</c>: the datapath dies with the daemon, the rules that send protected packets to it stay.</summary>
    public void KillDaemon()
    {
        if (Daemon is not null)
        {
            World.Trace.Add(Name, "loses its daemon");
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
        if (!IsProtected(segment.Flow) || (InClear.Contains(segment.Flow) && !segment.BeginsConnection))
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
            case ClearDatagram { Segment: var segment } when InClear.Contains(segment.Flow.Reversed) && !segment.BeginsConnection:
                Sockets.Arrive(segment);
                break;
            case ClearDatagram { Segment: { BeginsConnection: true, Damaged: false } segment } when Policy.Find(segment.Flow.Reversed) is { ClearUntilIpsec: true }:
                Daemon?.Datapath.Knock(segment);
                break;
        }
    }

    /// <summary>An opened segment on its way to a local socket.</summary>
    internal void Deliver(Segment segment) => Sockets.Arrive(segment);

    private bool IsProtected(FlowKey flow) => RunsLatchkey && (Policy.Find(flow) is not null || _held.Contains(flow));
}
