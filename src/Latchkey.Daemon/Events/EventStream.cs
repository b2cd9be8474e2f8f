using System.Threading.Channels;
using Latchkey.Daemon.Reports;

namespace Latchkey.Daemon.Events;

/// <summary>
/// Hands events to whoever listens and remembers the last ones. Nobody who listens slowly can hold the daemon up:
/// a listener that falls too far behind is dropped, and told so.
/// </summary>
public sealed class EventStream
{
    /// <summary>What <c>latchkey events</c> can show of the past: minutes to days, some hundred KiB.</summary>
    public const int Remembered = 1024;

    /// <summary>How far a listener may fall behind: a thousand connections that break at once, and then some.</summary>
    public const int BacklogMaximum = 4096;

    private readonly Lock _lock = new();
    private readonly Queue<EventReport> _past = new(Remembered);
    private readonly HashSet<Channel<EventReport>> _listeners = [];
    private long _last;

    /// <summary>The number of the last event so far.</summary>
    public long Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>Numbers an event and hands it on. Any thread; never waits.</summary>
    /// <returns>The event with its number.</returns>
    public EventReport Publish(EventReport report)
    {
        lock (_lock)
        {
            report = report with { Seq = ++_last };
            if (_past.Count == Remembered)
            {
                _past.Dequeue();
            }

            _past.Enqueue(report);
            _listeners.RemoveWhere(listener => !TryHand(listener, report));
            return report;
        }
    }

    /// <summary>The remembered events after <paramref name="after"/>, oldest first.</summary>
    public IReadOnlyList<EventReport> Past(long after = 0)
    {
        lock (_lock)
        {
            return [.. _past.Where(e => e.Seq > after)];
        }
    }

    /// <summary>
    /// The remembered events after <paramref name="after"/>, then every new one until <paramref name="cancellation"/>.
    /// </summary>
    /// <exception cref="SlowListenerException">The listener fell too far behind and was dropped.</exception>
    public async IAsyncEnumerable<EventReport> Follow(long after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var listener = Channel.CreateBounded<EventReport>(new BoundedChannelOptions(BacklogMaximum) { SingleReader = true });
        IReadOnlyList<EventReport> past;
        lock (_lock)
        {
            past = Past(after);
            _listeners.Add(listener);
        }

        try
        {
            foreach (var report in past)
            {
                yield return report;
            }

            await foreach (var report in listener.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return report;
            }
        }
        finally
        {
            lock (_lock)
            {
                _listeners.Remove(listener);
            }
        }
    }

    /// <summary>Ends every <see cref="Follow"/> after what is already on its way: the daemon stops.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            foreach (var listener in _listeners)
            {
                listener.Writer.TryComplete();
            }

            _listeners.Clear();
        }
    }

    private static bool TryHand(Channel<EventReport> listener, EventReport report)
    {
        if (listener.Writer.TryWrite(report))
        {
            return true;
        }

        listener.Writer.TryComplete(new SlowListenerException());
        return false;
    }
}

/// <summary>A listener did not take its events in time.</summary>
public sealed class SlowListenerException()
    : Exception($"more than {EventStream.BacklogMaximum} events waited for this listener; it was dropped. Read faster, or ask again for what came after the last event seen");
