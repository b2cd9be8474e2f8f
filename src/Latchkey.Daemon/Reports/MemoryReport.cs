namespace Latchkey.Daemon.Reports;

/// <param name="ResidentOctets">Of the process, as the kernel counts them.</param>
/// <param name="AllocatedOctets">Managed memory allocated since the start, long collected or not: the traffic must not make it grow.</param>
public sealed record MemoryReport(long ResidentOctets, long AllocatedOctets)
{
    public static MemoryReport Now() => new(Environment.WorkingSet, GC.GetTotalAllocatedBytes());
}
