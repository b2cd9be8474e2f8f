namespace Latchkey.Ike;

/// <summary>
/// Asks quickly whether the peer lives: one request, repeated a few times, each time when the answer is late. Silence is only
/// reported; the request stays outstanding on its usual schedule.
/// </summary>
internal sealed class ProbeTrain(HostContext context, IkeSa sa)
{
    private Transmission? _request;
    private Timer? _timer;
    private TimeSpan _started;
    private int _sent;

    public void Start()
    {
        if (_request is not null || sa.State != IkeSaState.Established)
        {
            return;
        }

        var requests = sa.Current!.Requests;
        var underWay = requests.Outstanding;
        if (underWay is null)
        {
            requests.Enqueue(new LivenessRequest());
        }

        _request = requests.Outstanding!;
        _request.Suspend();
        _request.Probed = true;
        _started = context.Now;
        _sent = 0;
        if (underWay is not null)
        {
            _request.Repeat();
        }

        Wait();
    }

    public void NoteAnswer(Transmission transmission)
    {
        if (transmission == _request)
        {
            Stop();
        }

        if (transmission.Probed)
        {
            context.Emit(new ProbeAnswered(sa.Handle, transmission.RoundTrip ?? context.Now - transmission.FirstSent));
        }
    }

    public void Stop()
    {
        _timer?.Cancel();
        _request = null;
    }

    private void Wait()
    {
        _sent++;
        var settings = context.Settings;
        var spacing = sa.RoundTrip.Timeout is { } timeout
            ? TimeSpan.FromTicks(Math.Clamp(timeout.Ticks, settings.ProbeMinimum.Ticks, settings.ProbeMaximum.Ticks))
            : settings.ProbeMaximum;
        _timer = context.After(spacing, Due);
    }

    private void Due()
    {
        var request = _request!;
        if (_sent < context.Settings.ProbeCount)
        {
            request.Repeat();
            Wait();
            return;
        }

        _request = null;
        context.Emit(new ProbeSilent(sa.Handle, _sent, context.Now - _started));
        request.Resume();
    }
}
