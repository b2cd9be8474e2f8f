namespace Latchkey.Ike;

/// <summary>One request on its way, in one datagram or several: sent, and sent again until <see cref="Stop"/> or until its schedule gives up.</summary>
internal sealed class Transmission(HostContext context, IkeSa sa, IReadOnlyList<byte[]> datagrams, RetransmitSchedule schedule, Action gaveUp)
{
    private Timer? _timer;
    private bool _stopped;

    public int Sends { get; private set; }

    public TimeSpan FirstSent { get; private set; }

    /// <summary>A probe waits for the answer.</summary>
    public bool Probed { get; set; }

    /// <summary>The round trip, known only when the request was sent once: else nobody can say which send was answered (Karn).</summary>
    public TimeSpan? RoundTrip => Sends == 1 ? context.Now - FirstSent : null;

    public void Start()
    {
        FirstSent = context.Now;
        Repeat();
        Resume();
    }

    /// <summary>Sends once more, now, outside the schedule.</summary>
    public void Repeat()
    {
        if (_stopped)
        {
            return;
        }

        Sends++;
        context.Send(sa.Local, sa.Remote, datagrams);
    }

    /// <summary>Stops repeating while a probe train does it faster.</summary>
    public void Suspend() => _timer?.Cancel();

    public void Resume()
    {
        if (_stopped)
        {
            return;
        }

        var left = FirstSent + schedule.GiveUpAfter - context.Now;
        if (left <= TimeSpan.Zero)
        {
            gaveUp();
            return;
        }

        var wait = schedule.WaitAfter(Sends);
        _timer = context.After(wait < left ? wait : left, Due);
    }

    public void Stop()
    {
        _stopped = true;
        _timer?.Cancel();
    }

    private void Due()
    {
        if (context.Now - FirstSent >= schedule.GiveUpAfter)
        {
            gaveUp();
            return;
        }

        Repeat();
        Resume();
    }
}
