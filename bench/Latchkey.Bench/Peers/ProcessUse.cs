using System.Globalization;
using Latchkey.Bench.Report;
using Latchkey.Lab;

namespace Latchkey.Bench.Peers;

/// <summary>What a process has used, as the kernel counts it (proc(5)).</summary>
internal static class ProcessUse
{
    // USER_HZ, which is 100 on every architecture of Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all threads, of all these processes.</summary>
    /// <exception cref="LabException">One of them has ended.</exception>
    public static double CpuSeconds(IEnumerable<int> processes) => processes.Sum(process => CpuTicks(Stat(process)) / TicksPerSecond);

    public static double ResidentMib(int process) =>
        long.Parse(Machine.Field($"/proc/{process}/status", "VmRSS").Split(' ')[0], CultureInfo.InvariantCulture) / 1024.0;

    /// <summary>Fields 14 and 15; the second field is a name in parentheses that may hold anything.</summary>
    internal static long CpuTicks(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static string Stat(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat");
        }
        catch (IOException)
        {
            throw new LabException("a daemon of the peer has died");
        }
    }
}
