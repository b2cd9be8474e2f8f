using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// After a restart every peer that restored latches are tied to is called at once, so that traffic goes on without waiting
/// for its next packet; a few at a time, because there may be thousands.
/// </summary>
internal sealed class Resumption(EngineState state, Negotiations negotiations)
{
    /// <summary>Exchanges begun together. Each costs a core about a millisecond, and as much again when the answer comes.</summary>
    private const int AtOnce = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>One latch for each Child SA that is wanted.</summary>
    private readonly Queue<Latch> _waiting = new();

    private TimeSpan _next;

    public TimeSpan? NextDeadline => _waiting.Count > 0 ? _next : null;

    public void Begin(TimeSpan now, IEnumerable<Latch> latches)
    {
        var wanted = new Dictionary<AddressPair, List<SelectorSet>>();
        foreach (var latch in latches)
        {
            var pair = latch.Path;
            if (!wanted.TryGetValue(pair, out var there))
            {
                wanted.Add(pair, there = []);
            }

            if (!there.Exists(selectors => selectors.Covers(latch.Flow)) && latch.Entry.SelectorsFor(latch.Flow) is { } needed)
            {
                there.Add(needed);
                _waiting.Enqueue(latch);
            }
        }

        _next = now;
        HandleDeadline(now);
    }

    public void HandleDeadline(TimeSpan now)
    {
        if (now < _next)
        {
            return;
        }

        _next = now + Interval;
        for (var left = Math.Min(AtOnce, _waiting.Count); left > 0; left--)
        {
            var latch = _waiting.Dequeue();
            if (latch.Conducts && !IsServed(latch) && !negotiations.Seek(now, latch.Flow, latch.Entry, latch.Channel))
            {
                // Its peer is being called already, for another Child SA.
                _waiting.Enqueue(latch);
            }
        }
    }

    private bool IsServed(Latch latch) => state.Covering(latch).Any(child => child.Channel == latch.Channel);
}
