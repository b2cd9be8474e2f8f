using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// One network that all hosts are on. Whoever claims an address gets what is sent to it; when several do, the sender's
/// neighbour cache decides, which changes its mind now and then.
/// </summary>
public sealed class SimulatedNetwork(EventQueue events, SimulatedRandom random, SimulatedNat? nat = null)
{
    /// <summary>How long a neighbour cache believes one of several claimants.</summary>
    private static readonly TimeSpan NeighbourMemory = TimeSpan.FromMilliseconds(300);

    private readonly List<(InetAddress Address, SimulatedHost Host)> _claims = [];
    private readonly HashSet<(SimulatedHost, SimulatedHost)> _partitions = [];
    private readonly HashSet<SimulatedHost> _spoofers = [];
    private readonly Dictionary<object, (SimulatedRandom Random, ulong Count)> _senders = [];

    /// <summary>The NAT that an address is behind, or null.</summary>
    public SimulatedNat? NatOf(InetAddress address) => nat is not null && nat.Inside.Contains(address) ? nat : null;

    public NetworkQuality Quality { get; set; } = NetworkQuality.Perfect;

    /// <summary>
    /// An IKE_SA_INIT was damaged or forged. It is not authenticated (RFC 7296 §2.21.1), so it can keep a connection from
    /// coming to be, though never end one.
    /// </summary>
    public bool FirstMessagesWereTouched { get; private set; }

    /// <summary>When something that a host sent was last lost or damaged on its way.</summary>
    public TimeSpan? LastLost { get; private set; }

    /// <summary>What never arrives, whatever the weather.</summary>
    public Predicate<Datagram> IsLost { get; set; } = _ => false;

    /// <summary>Everything that was put on the wire, seen by whoever may see everything.</summary>
    public event Action<Datagram>? Seen;

    /// <summary>
    /// Every claimant of an address receives what is sent to it, as on a hub. Otherwise one of them does, now this one and
    /// now that, as with neighbours that learn who has an address.
    /// </summary>
    public bool AllClaimantsReceive { get; set; }

    public void Claim(InetAddress address, SimulatedHost host)
    {
        if (!Claims(address, host))
        {
            _claims.Add((address, host));
        }
    }

    public void Unclaim(InetAddress address, SimulatedHost host) => _claims.Remove((address, host));

    public bool Claims(InetAddress address, SimulatedHost host) => _claims.Contains((address, host));

    /// <summary>From now on what this host sends is carried whatever its source address is.</summary>
    public void MaySpoof(SimulatedHost host) => _spoofers.Add(host);

    public IReadOnlyList<SimulatedHost> Claimants(InetAddress address) =>
        [.. _claims.Where(claim => claim.Address == address).Select(claim => claim.Host)];

    public void Partition(SimulatedHost a, SimulatedHost b)
    {
        _partitions.Add((a, b));
        _partitions.Add((b, a));
    }

    public void HealPartitions() => _partitions.Clear();

    /// <summary>Puts a datagram of a host on the wire, if the host may speak for its source address here.</summary>
    public void Send(SimulatedHost sender, Datagram datagram)
    {
        if (_spoofers.Contains(sender) || Claims(datagram.Source, sender))
        {
            Carry(sender, sender, datagram);
        }
    }

    /// <summary>Puts a datagram on the wire with any source address at all.</summary>
    public void Spoof(object attacker, Datagram datagram) => Carry(attacker, null, datagram);

    private void Carry(object sender, SimulatedHost? host, Datagram datagram)
    {
        if (host is not null && NatOf(datagram.Source) is { } outward && NatOf(datagram.Destination) is null)
        {
            if (outward.Outward(datagram) is not { } translated)
            {
                return;
            }

            datagram = translated;
        }

        Seen?.Invoke(datagram);
        var fate = FateOf(sender);
        if (fate.Chance(Quality.Loss) || IsLost(datagram))
        {
            LastLost = events.Now;
            return;
        }

        var copies = fate.Chance(Quality.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            var delay = Quality.Delay + fate.Between(TimeSpan.Zero, Quality.Jitter);
            var corrupted = fate.Chance(Quality.Corruption);
            var arriving = corrupted ? datagram.Corrupted(fate) : datagram;
            LastLost = corrupted ? events.Now : LastLost;
            FirstMessagesWereTouched |= (corrupted || host is null) && datagram is IkeDatagram { IsFirstMessage: true };
            events.After(delay, () => Arrive(host, arriving));
        }
    }

    private void Arrive(SimulatedHost? sender, Datagram datagram)
    {
        if (nat is not null && datagram.Destination == nat.Address)
        {
            if (nat.Inward(datagram) is not { } translated)
            {
                return;
            }

            datagram = translated;
        }
        else if (NatOf(datagram.Destination) is not null && NatOf(datagram.Source) is null)
        {
            return; // nobody outside finds a private address
        }

        var claimants = Claimants(datagram.Destination);
        if (claimants.Count == 0)
        {
            return;
        }

        var period = (ulong)(events.Now.Ticks / NeighbourMemory.Ticks);
        var receivers = AllClaimantsReceive || claimants.Count == 1 ? claimants : [random.Fork(period).Pick(claimants)];
        foreach (var receiver in receivers)
        {
            if (sender is null || !_partitions.Contains((sender, receiver)))
            {
                receiver.Receive(datagram);
            }
            else
            {
                LastLost = events.Now;
            }
        }
    }

    // Each datagram's fate depends on its sender and how many the sender sent before, so that what an attacker adds does
    // not change what happens to the others' datagrams.
    private SimulatedRandom FateOf(object sender)
    {
        if (!_senders.TryGetValue(sender, out var entry))
        {
            entry = (random.Fork(1_000_000 + (ulong)_senders.Count), 0);
        }

        _senders[sender] = (entry.Random, entry.Count + 1);
        return entry.Random.Fork(entry.Count);
    }
}
