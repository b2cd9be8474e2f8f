using Latchkey.Engine;

namespace Latchkey.Simulator;

/// <summary>Invariant 7: whatever ends, or never comes to be, says why.</summary>
public sealed class EveryEndHasAReason : Invariant
{
    public override string Name => "Every teardown carries a reason";

    public override void Raised(SimulatedDaemon daemon, EngineEvent raised)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        ArgumentNullException.ThrowIfNull(raised);
        var ends = raised.Kind is EventKind.LatchBroken or EventKind.LatchClosed or EventKind.LatchReleased or EventKind.IkeSaClosed
            or EventKind.ChildSaClosed or EventKind.NegotiationFailed or EventKind.PeerRefused or EventKind.ChildRefused;
        if (string.IsNullOrWhiteSpace(raised.Text) || (ends && string.IsNullOrWhiteSpace(raised.Reason)))
        {
            Fail($"{daemon.Host} raises {raised}");
        }
    }
}
