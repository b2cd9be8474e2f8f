using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// RFC 5660 §2.3 (C1, L26, L27): no SA is made for one key that covers a flow bound to the channel of another. The other way
/// round it may be: where two living hosts share an address, both may hold SAs over the same ports, and a flow belongs to
/// who speaks on it first (docs/decisions/evidence.md). That no packet of it moves under the other SA is for other
/// invariants to see.
/// </summary>
public sealed class ConflictingSasNeverMeet(SaLedger ledger) : Invariant
{
    private readonly Dictionary<InstalledSa, long> _installed = [];
    private readonly Dictionary<(SimulatedHost, FlowKey, ChannelId), long> _bound = [];
    private long _clock;

    public override string Name => "No SA is made for another peer that covers a latched flow";

    public override void Installed(SimulatedHost host, InstalledSa sa) => _installed[sa] = ++_clock;

    public override void Bound(SimulatedHost host, FlowKey flow, ChannelId channel) => _bound.TryAdd((host, flow, channel), ++_clock);

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var bound = daemon.Datapath.BoundFlows.ToHashSet();
        foreach (var gone in _bound.Keys.Where(b => b.Item1 == daemon.Host && !bound.Contains((b.Item2, b.Item3))).ToList())
        {
            _bound.Remove(gone);
        }

        foreach (var (flow, channel) in bound)
        {
            foreach (var sa in daemon.Datapath.Sas)
            {
                if (sa.Channel != channel && sa.Selectors.Covers(flow) && _installed[sa] > _bound[(daemon.Host, flow, channel)])
                {
                    Compare(daemon, flow, channel, sa);
                }
            }
        }
    }

    private void Compare(SimulatedDaemon daemon, FlowKey flow, ChannelId channel, InstalledSa sa)
    {
        var ours = ledger.PeersOf(daemon, channel);
        var theirs = ledger.PeersOf(daemon, sa.Channel);
        if (ours.Count > 0 && theirs.Count > 0 && ours.First() != theirs.First())
        {
            Fail($"on {daemon.Host} {flow} is bound to {channel}, and {sa} of another peer was made over it");
        }
    }
}
