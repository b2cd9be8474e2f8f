namespace Latchkey.Ike;

/// <summary>When a request is sent again, and for how long (RFC 7296 §2.4).</summary>
/// <param name="First">Wait before the first repetition; doubles each time.</param>
/// <param name="Maximum">Longest wait.</param>
/// <param name="GiveUpAfter">Counted from the first send.</param>
internal readonly record struct RetransmitSchedule(TimeSpan First, TimeSpan Maximum, TimeSpan GiveUpAfter)
{
    /// <summary>Below this a busy peer would be asked twice for nothing.</summary>
    private static readonly TimeSpan Floor = TimeSpan.FromMilliseconds(20);

    /// <summary>Whoever comes up should be found at once; one small datagram costs little.</summary>
    private static readonly TimeSpan PersistentFirst = TimeSpan.FromMilliseconds(30);

    /// <param name="timeout">After which an answer is late, as measured; null when nothing was.</param>
    /// <remarks>
    /// A measured round trip shortens the waits, never the time until the peer is given up: a quick peer is not sooner dead
    /// than a slow one.
    /// </remarks>
    public static RetransmitSchedule For(IkeSettings settings, TimeSpan? timeout)
    {
        var first = timeout is { } measured ? Max(measured, Floor) : settings.RetransmitInitial;
        return new RetransmitSchedule(Min(first, settings.RetransmitMaximum), settings.RetransmitMaximum, settings.GiveUpAfter);
    }

    public static RetransmitSchedule For(Persistence persistence) =>
        new(Min(PersistentFirst, persistence.Interval), persistence.Interval, persistence.Duration);

    /// <summary>The wait after the given number of sends.</summary>
    public TimeSpan WaitAfter(int sends)
    {
        var wait = First;
        for (var i = 1; i < sends && wait < Maximum; i++)
        {
            wait *= 2;
        }

        return Min(wait, Maximum);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
