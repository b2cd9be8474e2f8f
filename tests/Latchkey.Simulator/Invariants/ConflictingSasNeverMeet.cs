using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>RFC 5660 §2.3 (C1, L26): no SA of another key covers a flow that is bound to a channel.</summary>
public sealed class ConflictingSasNeverMeet(SaLedger ledger) : Invariant
{
    public override string Name => "No SA of another peer covers a latched flow";

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var (flow, channel) in daemon.Datapath.BoundFlows)
        {
            foreach (var sa in daemon.Datapath.Sas)
            {
                if (sa.Channel != channel && sa.Selectors.Covers(flow))
                {
                    Compare(daemon, flow, channel, sa);
                }
            }
        }
    }

    private void Compare(SimulatedDaemon daemon, FlowKey flow, Contract.ChannelId channel, InstalledSa sa)
    {
        var ours = ledger.PeersOf(daemon, channel);
        var theirs = ledger.PeersOf(daemon, sa.Channel);
        if (ours.Count > 0 && theirs.Count > 0 && ours.First() != theirs.First())
        {
            Fail($"on {daemon.Host} {flow} is bound to {channel}, and {sa} of another peer covers it");
        }
    }
}
