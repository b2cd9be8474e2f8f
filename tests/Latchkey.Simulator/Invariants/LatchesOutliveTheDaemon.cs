using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// Invariant 6 across restarts (RFC 5660 L14): while its socket lives, a latch is tied to the same key under the next daemon,
/// or it is BROKEN or CLOSED there. It is never missing, and never another's.
/// </summary>
public sealed class LatchesOutliveTheDaemon : Invariant
{
    private readonly Dictionary<SimulatedHost, (TimeSpan At, SimulatedJournal Journal, Dictionary<FlowKey, LatchSnapshot> Latches)> _before = [];

    public override string Name => "A latch outlives its daemon, or ends";

    public override void Killed(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        _before[daemon.Host] = (daemon.Host.Now, daemon.Host.Journal, daemon.Engine.Latches().Where(l => l.PeerKey is not null).ToDictionary(l => l.Flow));
    }

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        if (!_before.Remove(daemon.Host, out var before) || before.Journal != daemon.Host.Journal)
        {
            return;
        }

        var latches = daemon.Engine.Latches().Where(l => l.State != LatchState.Listener).ToDictionary(l => l.Flow);
        foreach (var socket in daemon.Host.Sockets.Open.Where(s => s.Born < before.At && s.IsEstablished))
        {
            if (before.Latches.TryGetValue(socket.Flow, out var old))
            {
                Compare(daemon.Host, old, latches.GetValueOrDefault(socket.Flow));
            }
        }
    }

    private void Compare(SimulatedHost host, LatchSnapshot old, LatchSnapshot? now)
    {
        var same = now is not null && (now.PeerKey, now.LocalKey, now.Protection, now.Mode) == (old.PeerKey, old.LocalKey, old.Protection, old.Mode);
        if (!(now?.State is LatchState.Broken or LatchState.Closed || (same && now!.State == old.State)))
        {
            Fail($"{old} of {host} is {now?.ToString() ?? "nothing"} under the next daemon");
        }
    }
}
