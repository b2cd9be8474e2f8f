namespace Latchkey.Ike;

/// <summary>How long a peer takes to answer, and how much that varies (RFC 6298 §2).</summary>
internal sealed class RoundTripEstimate
{
    /// <summary>Plain answers that start the reckoning anew: the first may still have the peer's own start in it.</summary>
    private const int Beginnings = 2;

    private TimeSpan _variation;
    private int _plain;

    /// <summary>Null until one was measured.</summary>
    public TimeSpan? Smoothed { get; private set; }

    /// <summary>After this long an answer is late: a busy path or a busy peer makes it longer by itself.</summary>
    public TimeSpan? Timeout => Smoothed + (4 * _variation);

    /// <param name="plain">
    /// The peer had nothing to compute or decide before it answered. What other answers took says only how long at most, and
    /// counts until a plain one was measured.
    /// </param>
    public void Add(TimeSpan measured, bool plain)
    {
        if (Smoothed is not { } before || (plain && _plain < Beginnings))
        {
            (Smoothed, _variation) = (measured, measured / 2);
            _plain += plain ? 1 : 0;
        }
        else if (plain || _plain == 0)
        {
            _variation = ((_variation * 3) + (before - measured).Duration()) / 4;
            Smoothed = ((before * 7) + measured) / 8;
        }
    }
}
