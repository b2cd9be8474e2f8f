namespace Latchkey.Datapath;

/// <summary>Whether anything comes back from the peer of a channel to which packets are sent.</summary>
/// <remarks>The outbound lane says what was sent and the inbound lane that something came; nothing else is shared by both.</remarks>
internal sealed class Answers
{
    private TimeSpan? _unansweredSince;
    private TimeSpan _lastSent;
    private TimeSpan _lastReport;
    private bool _mustBeAnswered;
    private bool _sentSinceReport;

    // The one word that goes from lane to lane. It is written only when it changes: cores do not fight over it.
    private volatile bool _heard;

    /// <summary>Outbound lane.</summary>
    /// <param name="mustBeAnswered">TCP wants an answer to it and repeats it otherwise; other protocols only hope for one.</param>
    public void Sent(TimeSpan now, bool mustBeAnswered)
    {
        TakeHeard();
        _unansweredSince ??= now;
        _lastSent = now;
        _mustBeAnswered |= mustBeAnswered;
        _sentSinceReport = true;
    }

    /// <summary>Something valid came. Inbound lane.</summary>
    public void Heard()
    {
        if (!_heard)
        {
            _heard = true;
        }
    }

    /// <summary>Nobody waits any more. Both lanes.</summary>
    public void Clear()
    {
        _heard = false;
        _unansweredSince = null;
        _mustBeAnswered = false;
        _sentSinceReport = false;
    }

    /// <summary>The silence to report now, or null. Both lanes.</summary>
    public TimeSpan? Due(TimeSpan now, DatapathSettings settings)
    {
        TakeHeard();
        if (_unansweredSince is not { } since || now - since < settings.UnansweredThreshold)
        {
            return null;
        }

        if (now - _lastSent > settings.UnansweredGiveUp)
        {
            Clear();
            return null;
        }

        var isFirst = _lastReport < since;
        if (!isFirst && (now - _lastReport < settings.UnansweredThreshold || (!_mustBeAnswered && !_sentSinceReport)))
        {
            return null;
        }

        _lastReport = now;
        _sentSinceReport = false;
        return now - since;
    }

    private void TakeHeard()
    {
        if (_heard)
        {
            Clear();
        }
    }
}
