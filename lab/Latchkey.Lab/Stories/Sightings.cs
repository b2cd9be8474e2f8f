namespace Latchkey.Lab.Stories;

/// <summary>Things that were reported, in order, and a way to wait for one of them. Safe for use from several threads.</summary>
/// <param name="cancellation">Ends every wait: Ctrl-C must not have to sit through time limits.</param>
public sealed class Sightings<T>(CancellationToken cancellation)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly List<T> _all = [];
    private readonly List<(Predicate<T> Wanted, TaskCompletionSource<T> Waiter)> _waiters = [];

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all];
            }
        }
    }

    public void Add(T sighting)
    {
        lock (_gate)
        {
            _all.Add(sighting);
            foreach (var (wanted, waiter) in _waiters)
            {
                if (wanted(sighting))
                {
                    waiter.TrySetResult(sighting);
                }
            }

            _waiters.RemoveAll(w => w.Waiter.Task.IsCompleted);
        }
    }

    /// <summary>The first sighting that is wanted, at once if it was made already.</summary>
    /// <returns>Null when the time is up.</returns>
    public async Task<T?> Wait(Predicate<T> wanted, TimeSpan limit)
    {
        var waiter = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_all.Find(wanted) is { } seen)
            {
                return seen;
            }

            _waiters.Add((wanted, waiter));
        }

        var first = await Task.WhenAny(waiter.Task, Task.Delay(limit, cancellation));
        cancellation.ThrowIfCancellationRequested();
        return first == waiter.Task ? await waiter.Task : null;
    }
}
