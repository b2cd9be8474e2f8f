using System.Diagnostics;

namespace Latchkey.Lab;

/// <summary>
/// A point on the machine's monotonic clock (CLOCK_MONOTONIC), in milliseconds. All hosts of the laboratory are one
/// machine, so a moment that an application reports can be compared with one taken here.
/// </summary>
public readonly record struct Moment(double Milliseconds) : IComparable<Moment>
{
    public static Moment Now => new(Stopwatch.GetElapsedTime(0).TotalMilliseconds);

    /// <summary>
    /// The moment as captures write it: seconds since 1970. The distance between the two clocks is taken anew each time,
    /// because the wall clock is set and slewed while the laboratory runs.
    /// </summary>
    public double EpochSeconds => ((DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds + Milliseconds - Now.Milliseconds) / 1000;

    public static double operator -(Moment a, Moment b) => a.Milliseconds - b.Milliseconds;

    public static bool operator <(Moment a, Moment b) => a.Milliseconds < b.Milliseconds;

    public static bool operator >(Moment a, Moment b) => a.Milliseconds > b.Milliseconds;

    public static bool operator <=(Moment a, Moment b) => a.Milliseconds <= b.Milliseconds;

    public static bool operator >=(Moment a, Moment b) => a.Milliseconds >= b.Milliseconds;

    public int CompareTo(Moment other) => Milliseconds.CompareTo(other.Milliseconds);
}
