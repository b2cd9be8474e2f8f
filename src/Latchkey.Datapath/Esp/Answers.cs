namespace Latchkey.Datapath;

/// <summary>Whether anything comes back from the peer of a channel to which packets are sent.</summary>
internal sealed class Answers
{
    private TimeSpan? _unansweredSince;
    private TimeSpan _lastSent;
    private TimeSpan _lastReport;
    private bool _mustBeAnswered;
    private bool _sentSinceReport;

    /// <param name="mustBeAnswered">TCP wants an answer to it and repeats it otherwise; other protocols only hope for one.</param>
    public void Sent(TimeSpan now, bool mustBeAnswered)
    {
        _unansweredSince ??= now;
        _lastSent = now;
        _mustBeAnswered |= mustBeAnswered;
        _sentSinceReport = true;
    }

    /// <summary>Something valid came, or nobody waits any more.</summary>
    public void Clear()
    {
        _unansweredSince = null;
        _mustBeAnswered = false;
        _sentSinceReport = false;
    }

    /// <summary>The silence to report now, or null.</summary>
    public TimeSpan? Due(TimeSpan now, DatapathSettings settings)
    {
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
}
