namespace Latchkey.Simulator;

/// <summary>What will happen, in the order of virtual time; what is due at one instant happens in the order it was planned.</summary>
public sealed class EventQueue
{
    private readonly PriorityQueue<PlannedEvent, (TimeSpan At, long Order)> _queue = new();
    private long _planned;

    public TimeSpan Now { get; private set; }

    public PlannedEvent After(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Plans an action; a time that has passed means now.</summary>
    public PlannedEvent At(TimeSpan time, Action action)
    {
        var due = time < Now ? Now : time;
        var planned = new PlannedEvent(action);
        _queue.Enqueue(planned, (due, _planned++));
        return planned;
    }

    /// <summary>Moves time to the next event that is due by <paramref name="limit"/> and carries it out.</summary>
    /// <returns>False when there is none; then it is <paramref name="limit"/>.</returns>
    public bool Step(TimeSpan limit)
    {
        while (_queue.TryPeek(out var next, out var due) && due.At <= limit)
        {
            _queue.Dequeue();
            if (!next.IsCancelled)
            {
                Now = due.At;
                next.Run();
                return true;
            }
        }

        Now = limit;
        return false;
    }
}

/// <summary>One planned event, which may be called off.</summary>
public sealed class PlannedEvent(Action action)
{
    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;

    internal void Run()
    {
        IsCancelled = true;
        action();
    }
}
