using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// clear = "until-ipsec": with whom a host ever had an SA, it never talks in clear again, whatever became of either daemon;
/// but connections that went in clear before go on doing so.
/// </summary>
public sealed class NoClearToWhomSpokeIpsec : Invariant
{
    private readonly HashSet<(SimulatedHost, InetAddress)> _spoke = [];
    private readonly HashSet<long> _sentInClear = [];

    public override string Name => "Nothing new goes in clear to a host that spoke IPsec";

    public override void Installed(SimulatedHost host, InstalledSa sa)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(sa);
        _spoke.Add((host, sa.Remote.Address));
    }

    public override void Sent(SimulatedHost sender, Datagram datagram)
    {
        ArgumentNullException.ThrowIfNull(sender);
        if (datagram is not ClearDatagram { Segment: var segment })
        {
            return;
        }

        // A reset of a connection that is gone names no socket; the kernel sends it where it carries the flow.
        var isOld = segment.Sender == 0 ? sender.InClear.Contains(segment.Flow) : _sentInClear.Contains(segment.Sender) && !segment.BeginsConnection;
        if (sender.RunsLatchkey && sender.Policy.Find(segment.Flow) is not null && _spoke.Contains((sender, segment.Flow.Remote)) && !isOld)
        {
            Fail($"{sender} sends {segment} in clear to a host with which it had an SA");
        }

        _sentInClear.Add(segment.Sender);
    }

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var latched = daemon.Engine.Latches().Select(latch => latch.Flow).ToHashSet();
        foreach (var clear in daemon.Engine.ClearFlows().Where(clear => latched.Contains(clear.Flow)))
        {
            Fail($"on {daemon.Host} {clear} goes in clear and has a latch");
        }
    }
}
