using System.Diagnostics;

namespace Latchkey.Lab;

/// <summary>
/// A point on the machine's monotonic clock (CLOCK_MONOTONIC), in milliseconds. All hosts of the laboratory are one
/// machine, so a moment that an application reports can be compared with one taken here.
/// </summary>
public readonly record struct Moment(double Milliseconds) : IComparable<Moment>
{
    // Captures carry wall-clock times; the distance between the clocks is taken once, when the laboratory starts.
    private static readonly double WallMinusMonotonic =
        (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds - Stopwatch.GetElapsedTime(0).TotalMilliseconds;

    public static Moment Now => new(Stopwatch.GetElapsedTime(0).TotalMilliseconds);

    /// <summary>The moment as captures write it: seconds since 1970.</summary>
    public double EpochSeconds => (Milliseconds + WallMinusMonotonic) / 1000;

    public static double operator -(Moment a, Moment b) => a.Milliseconds - b.Milliseconds;

    public static bool operator <(Moment a, Moment b) => a.Milliseconds < b.Milliseconds;

    public static bool operator >(Moment a, Moment b) => a.Milliseconds > b.Milliseconds;

    public static bool operator <=(Moment a, Moment b) => a.Milliseconds <= b.Milliseconds;

    public static bool operator >=(Moment a, Moment b) => a.Milliseconds >= b.Milliseconds;

    public int CompareTo(Moment other) => Milliseconds.CompareTo(other.Milliseconds);
}
