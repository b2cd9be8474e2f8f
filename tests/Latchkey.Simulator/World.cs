using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// Hosts, a network and virtual time. Everything follows from the plan: the same plan gives the same run. After every
/// step the invariants are checked.
/// </summary>
public sealed class World : IDisposable
{
    private const int TraceLines = 20_000;

    private readonly List<TcpSocket> _sockets = [];
    private readonly List<Invariant> _invariants;
    private readonly HashSet<SimulatedHost> _touched = [];
    private readonly List<(TimeSpan At, InetAddress Address)> _disturbances = [];
    private readonly Dictionary<int, SimulatedDisk> _disks;
    private readonly SimulatedRandom _random;

    public World(WorldPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Plan = plan;
        _random = new SimulatedRandom(plan.Seed);
        Trace = new Trace(Events, TraceLines);
        Network = new SimulatedNetwork(Events, _random.Fork(1), plan.Nat is { } nat ? new SimulatedNat(nat.Address, nat.Inside) : null) { Quality = plan.Network };
        _invariants = Invariants.All(this);
        _disks = plan.Hosts.Select(host => host.Identity).Distinct().ToDictionary(identity => identity, identity => new SimulatedDisk(identity));
        Hosts = [.. plan.Hosts.Select((host, i) => new SimulatedHost(this, host, _random.Fork(100 + (ulong)i)))];
    }

    public WorldPlan Plan { get; }

    public EventQueue Events { get; } = new();

    public TimeSpan Now => Events.Now;

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public SaLedger Ledger { get; } = new();

    public IReadOnlyList<SimulatedHost> Hosts { get; }

    /// <summary>Every socket that ever was; serial n is at n - 1.</summary>
    public IReadOnlyList<TcpSocket> Sockets => _sockets;

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    public SimulatedHost Host(string name) => Hosts.First(host => host.Name == name);

    /// <summary>The disk that a key is on; hosts with one key are one host that came back elsewhere.</summary>
    public SimulatedDisk Disk(int identity) => _disks[identity];

    public TcpSocket? Socket(long serial) => serial == 0 ? null : _sockets[(int)serial - 1];

    /// <summary>Runs until that much virtual time has passed.</summary>
    public void RunFor(TimeSpan duration) => RunUntil(static () => false, duration);

    /// <summary>Runs until something is so, or the time is over.</summary>
    /// <returns>Whether it is so.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var end = Now + limit;
        while (!condition())
        {
            if (!Events.Step(end))
            {
                return condition();
            }

            Steps++;
            CheckTouched();
        }

        return true;
    }

    /// <summary>Remembers that something happened that may rightly end connections of this host.</summary>
    public void Disturb(SimulatedHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        foreach (var address in host.Addresses)
        {
            Disturb(address);
        }
    }

    public void Disturb(InetAddress address) => _disturbances.Add((Now, address));

    /// <summary>Whether something happened at an address since then that may rightly end connections with it.</summary>
    public bool WasDisturbed(InetAddress address, TimeSpan since) =>
        _disturbances.Exists(disturbance => disturbance.Address == address && disturbance.At >= since);

    public void Dispose()
    {
        foreach (var host in Hosts)
        {
            host.Daemon?.Kill();
        }
    }

    internal TcpSocket NewSocket(Func<long, uint, TcpSocket> make)
    {
        var serial = _sockets.Count + 1L;
        var socket = make(serial, (uint)_random.Fork(1_000_000 + (ulong)serial).Next());
        _sockets.Add(socket);
        return socket;
    }

    internal void Watch(Action<Invariant> look) => _invariants.ForEach(look);

    /// <summary>Something may have changed on this host: it is looked at after the step.</summary>
    internal void Touch(SimulatedHost host) => _touched.Add(host);

    private void CheckTouched()
    {
        foreach (var host in _touched)
        {
            if (host.Daemon is { } daemon)
            {
                Watch(invariant => invariant.Stepped(daemon));
            }
        }

        _touched.Clear();
    }
}
