using Latchkey.Engine;
using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>Invariant 2 (RFC 5660, L12): what was latched stays; and states follow one another as §2.2 says.</summary>
public sealed class LatchesNeverChange : Invariant
{
    private readonly Dictionary<(SimulatedDaemon, LatchId), LatchSnapshot> _last = [];

    public override string Name => "A latch never changes";

    public override void Stepped(SimulatedDaemon daemon)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        foreach (var now in daemon.Engine.Latches())
        {
            if (_last.TryGetValue((daemon, now.Id), out var before) && before != now)
            {
                Compare(daemon, before, now);
            }

            _last[(daemon, now.Id)] = now;
        }
    }

    private static bool MayFollow(LatchState before, LatchState now) => (before, now) switch
    {
        _ when before == now => true,
        (LatchState.Larval, LatchState.Established or LatchState.Broken or LatchState.Closed) => true,
        (LatchState.Established, LatchState.Broken or LatchState.Closed) => true,
        (LatchState.Broken, LatchState.Established or LatchState.Closed) => true,
        (LatchState.Listener, LatchState.Closed) => true,
        _ => false,
    };

    private void Compare(SimulatedDaemon daemon, LatchSnapshot before, LatchSnapshot now)
    {
        if (now.Flow != before.Flow)
        {
            Fail($"latch {now.Id} of {daemon.Host} moved from {before.Flow} to {now.Flow}");
        }

        if (!MayFollow(before.State, now.State))
        {
            Fail($"latch {now.Id} of {daemon.Host} went from {before.State} to {now.State}");
        }

        if (before.State is LatchState.Established or LatchState.Broken
            && (now.PeerKey, now.LocalKey, now.Channel, now.Protection, now.Mode) != (before.PeerKey, before.LocalKey, before.Channel, before.Protection, before.Mode))
        {
            Fail($"latch {now.Id} of {daemon.Host} changed its parameters from {before} to {now}");
        }
    }
}
