using Latchkey.Engine;
using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>Invariant 6 (L20): a latch that leaves ESTABLISHED is the subject of an event, and so is its end.</summary>
public sealed class NoLatchIsLostSilently : Invariant
{
    private readonly Dictionary<SimulatedDaemon, Dictionary<LatchId, LatchSnapshot>> _known = [];
    private readonly HashSet<(SimulatedDaemon, LatchId)> _told = [];

    public override string Name => "No latch is lost silently";

    public override void Raised(SimulatedDaemon daemon, EngineEvent raised)
    {
        ArgumentNullException.ThrowIfNull(raised);
        if (raised.Latch is not { } latch)
        {
            return;
        }

        if (raised.Kind is EventKind.LatchBroken or EventKind.LatchClosed or EventKind.LatchReleased)
        {
            _told.Add((daemon, latch));
        }
        else if (raised.Kind is EventKind.LatchEstablished or EventKind.LatchRestored)
        {
            _told.Remove((daemon, latch));
        }
    }

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var now = daemon.Engine.Latches().ToDictionary(latch => latch.Id);
        if (_known.TryGetValue(daemon, out var before))
        {
            foreach (var (id, latch) in before)
            {
                if (latch.State == LatchState.Established && (!now.TryGetValue(id, out var later) || later.State != LatchState.Established)
                    && !_told.Contains((daemon, id)))
                {
                    Fail($"{latch} of {daemon.Host} ended without an event");
                }
            }
        }

        _known[daemon] = now;
    }
}
