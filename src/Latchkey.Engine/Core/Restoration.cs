using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Takes up the latches of the daemon that ran before (RFC 5660 §2.3, L14): each is what it was, tied to the same key, or it
/// ends and its owner is told. None is bound to whoever answers now.
/// </summary>
internal sealed class Restoration(EngineState state, LatchRecorder recorder, LatchBreaker breaker, Resumption resumption)
{
    public void Restore(TimeSpan now, IReadOnlyCollection<LatchRecord> records)
    {
        var latches = records.Select(record => Create(now, record)).OfType<Latch>().ToList();
        recorder.TryBegin(now);
        if (latches.Count > 0)
        {
            state.Effects.Raise(Summary(now, latches));
        }

        foreach (var latch in latches)
        {
            state.Follow(latch);
            if (latch.Conducts)
            {
                state.Unheard.Add(latch.Channel!);
                Judge(now, latch);
            }
            else
            {
                breaker.TellAgain(now, latch);
            }
        }

        resumption.Begin(now, latches.Where(l => l.Conducts));
    }

    /// <summary>The policy may be another than that under which the latch was made (RFC 5660 L29, C5, C6).</summary>
    private void Judge(TimeSpan now, Latch latch)
    {
        switch (state.Judge(latch))
        {
            case LatchVerdict.Agrees:
                state.Effects.Add(new BindFlow(latch.Flow, new ChannelId(latch.Channel!.Id)));
                break;
            case LatchVerdict.Contradicts { Reason: var reason }:
                breaker.Break(now, [latch], BreakReason.PolicyChanged, $"the policy was changed while no daemon ran: {reason}");
                break;
            case LatchVerdict.PeerUnauthorized { Reason: var reason }:
                breaker.Close(now, latch, ClosedReason.Administrative, DropReason.LatchClosed, $"the policy was changed while no daemon ran: {reason}");
                break;
        }
    }

    private static EngineEvent Summary(TimeSpan now, List<Latch> latches)
    {
        var peers = latches.Select(l => l.Channel!.Parameters.PeerKey).Distinct().Count();
        return new EngineEvent(EventKind.LatchesRestored, now, $"latches of an earlier daemon that live on: {latches.Count}; peer keys that they are tied to, as before: {peers}")
        {
            Details = [.. latches.GroupBy(l => l.State).OrderBy(g => g.Key).Select(g => $"{g.Key.ToString().ToUpperInvariant()}: {g.Count()}")],
        };
    }

    /// <returns>Null for a latch of another key of ours, which no SA could serve: its socket is an orphan (RFC 5386, B10).</returns>
    private Latch? Create(TimeSpan now, LatchRecord record)
    {
        if (record.Channel.LocalKey != state.Identity.Public.Fingerprint || state.Latches.Find(record.Flow) is not null)
        {
            return null;
        }

        var entry = state.Policy.Find(record.Flow);
        if (entry is null)
        {
            state.OutsidePolicy.Add(record.Flow);
        }

        var latch = state.Latches.CreateEstablished(now, record.Flow, entry ?? ProtectEntry.Gone(record.Flow), state.Channels.For(record.Channel), record.Authentication is { } proof ? proof with { At = null } : null, isForwarded: record.IsForwarded);
        if (record.Ends is { } ends)
        {
            state.Place(latch.Path, ends);
        }

        if (record.Authentication?.Life is { } life)
        {
            state.Lives.Remember(latch.Path, record.Channel.PeerKey, life);
        }

        latch.Wishes = new FlowWishes { Disposition = record.Disposition, Narrow = record.Narrow };
        if (record.BrokenBy is { } brokenBy)
        {
            latch.Break(now, brokenBy);
        }

        if (record.ClosedBy is { } closedBy)
        {
            latch.Close(now, closedBy);
        }

        return latch;
    }
}
