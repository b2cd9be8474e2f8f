using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Breaks, restores and closes latches, always in the order that is safe.</summary>
/// <remarks>
/// (1) block the flows both ways; (2) record and tell; (3) apply the disposition; and only when this returns may the
/// caller (4) accept, install or answer what caused the break (RFC 5660 §2.3, L28).
/// </remarks>
internal sealed class LatchBreaker(EngineState state)
{
    /// <summary>Breaks ESTABLISHED latches, all of them blocked before the first owner is told.</summary>
    public void Break(TimeSpan now, IReadOnlyCollection<Latch> latches, BreakReason reason, string because)
    {
        foreach (var latch in latches)
        {
            state.Effects.Add(new BlockFlow(latch.Flow, DropReason.LatchBroken));
        }

        foreach (var latch in latches)
        {
            latch.Break(now, reason);
            state.Effects.Raise(EventKind.LatchBroken, now, latch, $"the latch of {latch.Flow} is BROKEN: {because}");
            Dispose(latch);
        }
    }

    /// <summary>Closes a latch for good; a connection-oriented owner sees a reset (RFC 5660 L38).</summary>
    public void Close(TimeSpan now, Latch latch, ClosedReason reason, DropReason drop, string because)
    {
        state.Effects.Add(new BlockFlow(latch.Flow, drop));
        latch.Close(now, reason);
        state.Effects.Raise(
            reason == ClosedReason.NegotiationFailed ? EventKind.NegotiationFailed : EventKind.LatchClosed, now, latch, $"the latch of {latch.Flow} is CLOSED: {because}");
        if (NoticeFor(latch.Flow.Protocol) is { } notice)
        {
            state.Effects.Add(new NotifyFlow(latch.Flow, notice));
        }
    }

    /// <summary>The owner is gone: the latch too (RFC 5660 L34).</summary>
    public void Release(TimeSpan now, Latch latch, string because)
    {
        var unheld = state.Latches.Release(now, latch);
        state.Effects.Add(new ForgetFlow(latch.Flow));
        state.Effects.Raise(EventKind.LatchReleased, now, latch, $"the latch of {latch.Flow} is released: {because}");
        if (unheld is not null)
        {
            state.ReleaseIfUnused(unheld);
        }
    }

    /// <summary>
    /// BROKEN latches between two addresses return when no other channel covers them any more (RFC 5660 §2.2): either their
    /// own does again, or nobody is left there and the next packet asks who is.
    /// </summary>
    public void RestoreWherePossible(TimeSpan now, AddressPair pair)
    {
        foreach (var latch in state.Latches.Between(pair))
        {
            if (latch.State != LatchState.Broken || latch.IsBeyondRepair)
            {
                continue;
            }

            var covering = state.Covering(latch.Flow).Select(c => c.Channel).Distinct().ToList();
            if (covering is [var own] ? own == latch.Channel : covering.Count == 0 && state.Between(pair).Count == 0)
            {
                latch.Restore(now);
                state.Effects.Add(new BindFlow(latch.Flow, new ChannelId(latch.Channel!.Id)));
                state.Effects.Raise(EventKind.LatchRestored, now, latch, $"the latch of {latch.Flow} is ESTABLISHED again: nothing conflicts with it any more");
            }
        }
    }

    private void Dispose(Latch latch)
    {
        if (latch.Entry.DispositionFor(latch.Flow.Protocol) != Disposition.Wait && NoticeFor(latch.Flow.Protocol) is { } notice)
        {
            state.Effects.Add(new NotifyFlow(latch.Flow, notice));
        }
    }

    /// <summary>
    /// What a protocol's socket understands. TCP takes "unreachable" for a passing fault once it is connected (RFC 5927),
    /// so it gets a reset under either disposition.
    /// </summary>
    private static FlowNotice? NoticeFor(IpProtocol protocol) => protocol switch
    {
        IpProtocol.Tcp => FlowNotice.Reset,
        IpProtocol.Udp => FlowNotice.Unreachable,
        _ => null,
    };
}
