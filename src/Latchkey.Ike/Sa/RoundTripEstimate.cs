namespace Latchkey.Ike;

/// <summary>How long a peer takes to answer, and how much that varies (RFC 6298 §2).</summary>
internal sealed class RoundTripEstimate
{
    private TimeSpan _variation;

    /// <summary>Null until one was measured.</summary>
    public TimeSpan? Smoothed { get; private set; }

    /// <summary>After this long an answer is late: a busy path or a busy peer makes it longer by itself.</summary>
    public TimeSpan? Timeout => Smoothed + (4 * _variation);

    public void Add(TimeSpan measured)
    {
        if (Smoothed is not { } before)
        {
            (Smoothed, _variation) = (measured, measured / 2);
            return;
        }

        _variation = ((_variation * 3) + (before - measured).Duration()) / 4;
        Smoothed = ((before * 7) + measured) / 8;
    }
}
