using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What applications ask for their own flows, within policy (RFC 5660 L10, L17, L31, L44). Whose a flow is, the caller has seen to.</summary>
internal sealed class ApplicationWishes(EngineState state, Negotiations negotiations, LatchBreaker breaker, LatchRecorder recorder)
{
    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(TimeSpan now, FlowKey flow, FlowWishes wishes)
    {
        if (state.Latches.Find(flow) is not { } latch)
        {
            return state.ClearFlows.Contains(flow) ? $"{flow} goes in clear, for life" : $"{flow} has no latch";
        }

        if (latch.State == LatchState.Closed)
        {
            return $"the latch of {flow} is CLOSED ({latch.ClosedBy})";
        }

        if (latch.Channel is { } channel && wishes.ObjectionTo(channel.Parameters, latch.Authentication) is { } objection)
        {
            return $"a latch never changes: {objection}";
        }

        if (wishes.Narrow && latch.Conducts && negotiations.Narrow(now, latch) is { } refusal)
        {
            return refusal;
        }

        var wanted = wishes.Over(latch.Wishes);
        if (!recorder.TryWish(now, latch, wanted))
        {
            return $"it cannot be written down, and a restart would forget it: {recorder.Failure}";
        }

        var waits = latch.Disposition == Disposition.Wait;
        latch.Wishes = wanted;
        if (latch.State == LatchState.Broken && waits)
        {
            // Its owner has learned of the break and chooses only now (L44).
            breaker.Tell(latch);
        }

        return null;
    }

    /// <returns>Null when it is granted, else why not.</returns>
    public string? Grant(ListenerKey key, FlowWishes wishes)
    {
        if (state.Latches.FindListener(key) is not { } listener)
        {
            return "no [[protect]] entry covers what this socket accepts";
        }

        listener.Wishes = wishes.Over(listener.Wishes);
        return null;
    }

    public void Forget(ListenerKey key)
    {
        if (state.Latches.FindListener(key) is { } listener)
        {
            listener.Wishes = FlowWishes.None;
        }
    }
}
