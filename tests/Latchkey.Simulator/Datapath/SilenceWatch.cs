using Latchkey.Contract;

namespace Latchkey.Simulator;

/// <summary>Notices channels under which something was said that wants an answer, and nothing valid came back.</summary>
internal sealed class SilenceWatch(EventQueue events, Action<ChannelId, TimeSpan> unanswered)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<ChannelId, (TimeSpan Since, PlannedEvent Next)> _waiting = [];

    public void Sent(ChannelId channel)
    {
        if (!_waiting.ContainsKey(channel))
        {
            _waiting[channel] = (events.Now, events.After(Interval, () => Complain(channel)));
        }
    }

    public void Heard(ChannelId channel)
    {
        if (_waiting.Remove(channel, out var waiting))
        {
            waiting.Next.Cancel();
        }
    }

    public void Stop()
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.Next.Cancel();
        }

        _waiting.Clear();
    }

    // The next complaint comes only with the next packet that is sent into the silence.
    private void Complain(ChannelId channel)
    {
        var since = _waiting[channel].Since;
        unanswered(channel, events.Now - since);
        _waiting.Remove(channel);
    }
}
