using Latchkey.Linux.Native;

namespace Latchkey.Linux;

/// <summary>
/// Precedence over ordinary programs, for the threads that carry packets: the kernel's own, which come before all processes,
/// have it too. Without it a connection that begins waits for whatever its server does for the one before.
/// </summary>
public static class Precedence
{
    /// <summary>The lowest niceness there is.</summary>
    private const int Highest = -20;

    /// <summary>
    /// Gives it to the calling thread, and to none that this one starts (sched(7)): on Linux each thread has a niceness of its own,
    /// whatever POSIX says. Where it is not granted (CAP_SYS_NICE) the thread goes on as others do.
    /// </summary>
    public static void Take()
    {
        var priority = 0;
        if (Scheduler.SetPolicy(0, Scheduler.Other | Scheduler.ResetOnFork, in priority) == 0)
        {
            _ = Scheduler.SetPriority(Scheduler.Process, 0, Highest);
        }
    }
}
