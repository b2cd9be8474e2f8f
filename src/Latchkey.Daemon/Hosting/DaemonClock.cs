using System.Diagnostics;

namespace Latchkey.Daemon.Hosting;

/// <summary>The engine's time: monotonic, from the daemon's start; and what people call it.</summary>
public sealed class DaemonClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public DateTime Started { get; } = DateTime.UtcNow;

    public TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <summary>
    /// The wall clock's time of a moment. Counted back from now, so that it stays right when somebody sets the clock
    /// while the daemon runs.
    /// </summary>
    public DateTime At(TimeSpan moment) => DateTime.UtcNow - (Now - moment);
}
