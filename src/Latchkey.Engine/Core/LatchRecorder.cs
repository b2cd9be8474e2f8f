using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Keeps the journal in step with the latch database, ahead of it: a latch is written down before its flow is bound, a
/// break before anybody is told.
/// </summary>
/// <remarks>
/// When writing fails nothing that runs is touched: a new latch is refused by its caller; and if a break cannot be written,
/// the journal is emptied, because a journal that calls a broken latch whole is worse than none. It is then written anew
/// as soon as that can be done.
/// </remarks>
internal sealed class LatchRecorder(EngineState state, ILatchJournal journal)
{
    /// <summary>An empty journal is tried to be filled again this often: with many latches each attempt costs milliseconds.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Below that many records a journal is not worth being made smaller.</summary>
    private const int SmallestWorthCompacting = 4096;

    /// <summary>The journal says what the latch database says, or will in a moment.</summary>
    private bool _inStep;

    private TimeSpan _retryAt = TimeSpan.MinValue;
    private int _records;
    private int _compactAt = SmallestWorthCompacting;

    /// <summary>Why latches are not written down at present; null when they are.</summary>
    public string? Failure { get; private set; }

    /// <summary>Writes all latches down as they stand: at the start, and whenever the journal has fallen out of step.</summary>
    public bool TryBegin(TimeSpan now)
    {
        if (now < _retryAt)
        {
            return false;
        }

        _retryAt = now + RetryInterval;
        var records = Recorded().ToList();
        _inStep = journal.TryRewrite(records);
        if (_inStep)
        {
            (_records, _compactAt) = (records.Count, Math.Max(2 * records.Count, SmallestWorthCompacting));
        }
        else
        {
            // What an earlier daemon wrote must not speak for this one.
            journal.Empty();
        }

        return Report(now, _inStep);
    }

    /// <returns>False when the latch could not be written down: its flow must not be bound.</returns>
    public bool TryEstablish(TimeSpan now, FlowKey flow, ProtectEntry entry, Channel channel, PeerAuthentication? authentication, FlowWishes wishes, bool isForwarded = false) =>
        // Nobody could be told apart from somebody else after a restart: what is not latched is not restored.
        authentication?.Peer.ProvesNothing == true || TryWrite(now, new LatchRecord(flow, entry.Name, channel.Parameters, LatchState.Established)
        {
            Authentication = authentication,
            Disposition = wishes.Disposition,
            Narrow = wishes.Narrow,
            IsForwarded = isForwarded,
        });

    /// <summary>The owner of a latch asks for something else.</summary>
    /// <returns>False when it could not be written down: a restart would not know of it.</returns>
    public bool TryWish(TimeSpan now, Latch latch, FlowWishes wishes) =>
        !IsRecorded(latch) || TryWrite(now, LatchRecord.Of(latch) with { Disposition = wishes.Disposition, Narrow = wishes.Narrow });

    /// <summary>A BROKEN latch is about to be ESTABLISHED again.</summary>
    /// <returns>False when that could not be written down: it must stay BROKEN.</returns>
    public bool TryRestore(TimeSpan now, Latch latch) => TryEstablish(now, latch.Flow, latch.Entry, latch.Channel!, latch.Authentication, latch.Wishes, latch.IsForwarded);

    /// <summary>A latch broke or was closed; nobody has been told yet.</summary>
    public void Ended(TimeSpan now, Latch latch)
    {
        if (IsRecorded(latch) && !TryWrite(now, LatchRecord.Of(latch)) && _inStep)
        {
            _inStep = false;
            journal.Empty();
        }
    }

    /// <summary>The ends of a path are elsewhere: the next daemon looks for its peer there. It does no harm if that cannot be written.</summary>
    public void Moved(TimeSpan now, AddressPair path)
    {
        foreach (var latch in state.Latches.Between(path).Where(IsRecorded).ToList())
        {
            TryWrite(now, LatchRecord.Of(latch));
        }
    }

    /// <summary>A latch is gone. If its last record stays, it is of a socket that is gone too, and does no harm.</summary>
    public void Released(TimeSpan now, Latch latch)
    {
        if (IsRecorded(latch))
        {
            TryWrite(now, LatchRecord.Of(latch) with { State = LatchState.Closed, ClosedBy = ClosedReason.Released });
        }
    }

    private IEnumerable<LatchRecord> Recorded() => state.Latches.All.Where(IsRecorded).Select(LatchRecord.Of).Select(WithPlace);

    private LatchRecord WithPlace(LatchRecord record)
    {
        var path = record.Channel.Path;
        return path.Moves && state.PlaceOf(path) is var ends && ends != path with { Moves = false } ? record with { Ends = ends } : record;
    }

    private static bool IsRecorded(Latch latch) => latch is { Channel: not null, IsToNobody: false };

    private bool TryWrite(TimeSpan now, LatchRecord record)
    {
        if (!_inStep && !TryBegin(now))
        {
            return false;
        }

        // Before the record is added: the latch it speaks of may not be in the database yet.
        if (_records >= _compactAt)
        {
            Compact();
        }

        _records++;
        return Report(now, journal.TryAppend(WithPlace(record)));
    }

    /// <summary>When most records speak of latches that are gone, or again of the same, those that live are written anew.</summary>
    private void Compact()
    {
        var records = Recorded().ToList();
        if (records.Count * 2 <= _records && journal.TryRewrite(records))
        {
            _records = records.Count;
        }

        _compactAt = Math.Max(2 * _records, SmallestWorthCompacting);
    }

    private bool Report(TimeSpan now, bool written)
    {
        if (written == Failure is null)
        {
            return written;
        }

        Failure = written ? null : journal.Failure ?? "no reason is known";
        state.Effects.Raise(written
            ? new EngineEvent(EventKind.Repaired, now, "the latch journal can be written again")
            : new EngineEvent(EventKind.Degraded, now, $"the latch journal cannot be written: {Failure}; connections that begin now are refused, those that run go on"));
        return written;
    }
}
