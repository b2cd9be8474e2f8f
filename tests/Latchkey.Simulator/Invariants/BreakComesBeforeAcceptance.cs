using Latchkey.Contract;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// RFC 5660 §2.3 (L28) and the design's order of a break: block, raise the alert, apply the disposition, and only then
/// accept, install or answer what caused it.
/// </summary>
public sealed class BreakComesBeforeAcceptance : Invariant
{
    private const byte IkeAuth = 35;
    private const byte CreateChildSa = 36;

    public override string Name => "A break comes before the acceptance of what caused it";

    public override void Answered(SimulatedDaemon daemon, string cause, IReadOnlyList<Effect> effects)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        ArgumentNullException.ThrowIfNull(effects);
        for (var i = 0; i < effects.Count; i++)
        {
            if (effects[i] is Raise { Event: { Kind: EventKind.LatchBroken, Flow: { } flow } })
            {
                CheckBreak(daemon, cause, effects, i, flow);
            }
        }
    }

    private void CheckBreak(SimulatedDaemon daemon, string cause, IReadOnlyList<Effect> effects, int alert, FlowKey flow)
    {
        var block = IndexOf(effects, effect => effect is BlockFlow blocked && blocked.Flow == flow);
        var notice = IndexOf(effects, effect => effect is NotifyFlow notified && notified.Flow == flow);
        var install = IndexOf(effects, effect => effect is InstallSa installed && installed.Sa.Selectors.Covers(flow));
        var answer = IndexOf(effects, effect => effect is SendIke sent && sent.Remote.Address == flow.Remote && Accepts(sent.Message));
        if (block < 0 || block > alert)
        {
            Fail($"{daemon.Host} ({cause}) raises the alert for {flow} before it blocks the flow");
        }

        if (notice >= 0 && notice < alert)
        {
            Fail($"{daemon.Host} ({cause}) tells the socket of {flow} before it raises the alert");
        }

        if (install >= 0 && install < Math.Max(alert, notice))
        {
            Fail($"{daemon.Host} ({cause}) installs an SA that covers {flow} before the break is complete");
        }

        if (answer >= 0 && answer < Math.Max(alert, notice))
        {
            Fail($"{daemon.Host} ({cause}) answers the newcomer before the break of {flow} is complete");
        }
    }

    // A response of IKE_AUTH or CREATE_CHILD_SA.
    private static bool Accepts(byte[] message) => message.Length >= 28 && message[18] is IkeAuth or CreateChildSa && (message[19] & 0x20) != 0;

    private static int IndexOf(IReadOnlyList<Effect> effects, Func<Effect, bool> wanted)
    {
        for (var i = 0; i < effects.Count; i++)
        {
            if (wanted(effects[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
