using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Breaks, restores and closes latches, always in the order that is safe.</summary>
/// <remarks>
/// (1) block the flows both ways; (2) record, in the journal too, and tell; (3) apply the disposition; and only when this
/// returns may the caller (4) accept, install or answer what caused the break (RFC 5660 §2.3, L28).
/// </remarks>
internal sealed class LatchBreaker(EngineState state, LatchRecorder recorder)
{
    /// <summary>
    /// Owners are told in portions of so many latches, the first before the words for the next are made: thousands may
    /// break at once, and a portion waits once for whoever listens.
    /// </summary>
    private const int Portion = 256;

    /// <summary>Breaks ESTABLISHED latches, all of them blocked before the first alert.</summary>
    public void Break(TimeSpan now, IReadOnlyCollection<Latch> latches, BreakReason reason, string because) =>
        Break(now, [.. latches.Select(latch => (latch, because))], reason);

    /// <summary>As the other, with a cause of its own for each.</summary>
    public void Break(TimeSpan now, IReadOnlyCollection<(Latch Latch, string Because)> latches, BreakReason reason) =>
        End(now, latches, DropReason.LatchBroken, latch =>
        {
            latch.Break(now, reason);
            return EventKind.LatchBroken;
        });

    /// <summary>Closes a latch for good; a connection-oriented owner sees a reset (RFC 5660 L38).</summary>
    public void Close(TimeSpan now, Latch latch, ClosedReason reason, DropReason drop, string because) => Close(now, [(latch, because)], reason, drop);

    /// <summary>Closes latches, all of them blocked before the first owner is told.</summary>
    public void Close(TimeSpan now, IReadOnlyCollection<(Latch Latch, string Because)> latches, ClosedReason reason, DropReason drop) =>
        End(now, latches, drop, latch =>
        {
            latch.Close(now, reason);
            return latch.Channel is null && reason == ClosedReason.NegotiationFailed ? EventKind.NegotiationFailed : EventKind.LatchClosed;
        });

    /// <summary>
    /// A latch that an earlier daemon broke or closed, and whose socket still exists: that daemon may have died before it
    /// could tell, and whoever was told already is not harmed by hearing it again.
    /// </summary>
    public void TellAgain(TimeSpan now, Latch latch)
    {
        var (kind, drop) = latch.State == LatchState.Broken ? (EventKind.LatchBroken, DropReason.LatchBroken) : (EventKind.LatchClosed, DropReason.LatchClosed);
        state.Effects.Add(new BlockFlow(latch.Flow, drop));
        state.Effects.Raise(kind, now, latch, $"the latch of {latch.Flow} is {Name(latch.State)} since before the restart");
        Tell(latch);
    }

    /// <summary>Applies the disposition of a BROKEN latch; of a CLOSED one the socket is told in any case.</summary>
    public void Tell(Latch latch)
    {
        if (NoticeFor(latch, latch.State) is { } notice)
        {
            state.Effects.Add(notice);
        }
    }

    /// <summary>The owner is gone: the latch too (RFC 5660 L34).</summary>
    public void Release(TimeSpan now, Latch latch, string because)
    {
        // An SA that covers nothing else has nothing left to protect (RFC 5660 L24).
        foreach (var narrow in state.NarrowChildren(latch).Where(c => c.Channel == latch.Channel).ToList())
        {
            state.Ike.DeleteChild(now, narrow.Handle, CloseReason.DeletedLocally, "its only flow has ended");
        }

        var unheld = state.Latches.Release(now, latch);
        state.OutsidePolicy.Remove(latch.Flow);
        recorder.Released(now, latch);
        state.Effects.Add(new ForgetFlow(latch.Flow));
        state.Effects.Raise(EventKind.LatchReleased, now, latch, $"the latch of {latch.Flow} is released: {because}");
        if (unheld is not null)
        {
            state.ReleaseIfUnused(unheld);
        }
    }

    /// <summary>
    /// BROKEN latches between two addresses return when policy lets them and no other channel covers them any more
    /// (RFC 5660 §2.2): either their own does again, or nobody is left there and the next packet asks who is. Whose peer owes a new
    /// proof waits for that.
    /// </summary>
    public void RestoreWherePossible(TimeSpan now, AddressPair pair)
    {
        foreach (var latch in state.Latches.Between(pair))
        {
            if (latch.State != LatchState.Broken || latch.IsBeyondRepair || state.Judge(latch) is not LatchVerdict.Agrees)
            {
                continue;
            }

            var covering = state.Covering(latch).Select(c => c.Channel).Distinct().ToList();
            var unopposed = covering is [var own] ? own == latch.Channel : covering.Count == 0 && latch.BrokenBy != BreakReason.AuthenticationExpired && state.Between(pair).All(p => IsItsPeerAfterAChangeOfPolicy(latch, p));
            if (unopposed && recorder.TryRestore(now, latch))
            {
                latch.Restore(now);
                state.Effects.Add(new BindFlow(latch.Flow, new ChannelId(latch.Channel!.Id)));
                state.Effects.Raise(EventKind.LatchRestored, now, latch, $"the latch of {latch.Flow} is ESTABLISHED again: nothing conflicts with it any more");
            }
        }
    }

    /// <param name="change">Moves a latch to its new state, and says what kind of event that is.</param>
    private void End(TimeSpan now, IReadOnlyCollection<(Latch Latch, string Because)> latches, DropReason drop, Func<Latch, EventKind> change)
    {
        foreach (var (latch, _) in latches)
        {
            state.Effects.Add(new BlockFlow(latch.Flow, drop));
        }

        foreach (var portion in latches.Select(l => End(now, l.Latch, l.Because, change)).ToList().Chunk(Portion))
        {
            state.Effects.AddLater(TellOf(now, portion));
        }
    }

    private EndedLatch End(TimeSpan now, Latch latch, string because, Func<Latch, EventKind> change)
    {
        var kind = change(latch);
        recorder.Ended(now, latch);
        return new EndedLatch(latch, kind, latch.State, EffectQueue.ReasonOf(latch), because);
    }

    private static IEnumerator<Effect> TellOf(TimeSpan now, EndedLatch[] portion)
    {
        foreach (var (latch, kind, ended, reason, because) in portion)
        {
            yield return new Raise(EffectQueue.EventOf(kind, now, latch, $"the latch of {latch.Flow} is {Name(ended)}: {because}") with { State = ended, Reason = reason });
        }

        foreach (var (latch, _, ended, _, _) in portion)
        {
            if (NoticeFor(latch, ended) is { } notice)
            {
                yield return notice;
            }
        }
    }

    private static string Name(LatchState state) => state.ToString().ToUpperInvariant();

    private static bool IsItsPeerAfterAChangeOfPolicy(Latch latch, Peering peering) =>
        latch.BrokenBy == BreakReason.PolicyChanged && peering.Key?.Fingerprint == latch.Channel!.Parameters.PeerKey;

    private static NotifyFlow? NoticeFor(Latch latch, LatchState ended) =>
        (ended == LatchState.Closed || latch.Disposition != Disposition.Wait) && NoticeFor(latch.Flow.Protocol) is { } notice ? new NotifyFlow(latch.Flow, notice) : null;

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

    /// <summary>A latch that broke or was closed, as it was then.</summary>
    private readonly record struct EndedLatch(Latch Latch, EventKind Kind, LatchState State, string? Reason, string Because);
}
