namespace Latchkey.Ike;

/// <summary>What happens later. Timers due at the same time fire in the order in which they were armed.</summary>
internal sealed class Timers
{
    private readonly SortedSet<Timer> _armed = new(Comparer<Timer>.Create(
        (a, b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : a.Order.CompareTo(b.Order)));

    private long _order;

    public TimeSpan? NextDue => _armed.Min?.Due;

    public Timer Arm(TimeSpan due, Action fire)
    {
        var timer = new Timer(this, due, _order++, fire);
        _armed.Add(timer);
        return timer;
    }

    public void Cancel(Timer timer) => _armed.Remove(timer);

    public void FireDue(TimeSpan now)
    {
        while (_armed.Min is { } timer && timer.Due <= now)
        {
            _armed.Remove(timer);
            timer.Fire();
        }
    }
}

internal sealed class Timer(Timers timers, TimeSpan due, long order, Action fire)
{
    public TimeSpan Due => due;

    public long Order => order;

    public Action Fire => fire;

    /// <summary>Does nothing when it has fired already.</summary>
    public void Cancel() => timers.Cancel(this);
}
