using System.Runtime.InteropServices;

namespace Latchkey.Linux.Native;

/// <summary><c>sched.h</c>, <c>sys/resource.h</c>; an id of 0 is the calling thread.</summary>
internal static partial class Scheduler
{
    /// <summary>SCHED_OTHER: the policy of ordinary threads.</summary>
    public const int Other = 0;

    /// <summary>SCHED_RESET_ON_FORK: threads and processes that are started do not inherit a negative niceness.</summary>
    public const int ResetOnFork = 0x40000000;

    /// <summary>PRIO_PROCESS.</summary>
    public const int Process = 0;

    /// <param name="priority"><c>struct sched_param</c>: 0 with <see cref="Other"/>.</param>
    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    public static partial int SetPolicy(int id, int policy, in int priority);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    public static partial int SetPriority(int which, uint id, int niceness);
}
