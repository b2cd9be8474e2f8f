using System.Globalization;

namespace Latchkey.Lab.Daemons;

/// <summary>What a process uses, as the kernel counts it (proc(5)).</summary>
/// <param name="CpuSeconds">Of all its threads, in user space and in the kernel.</param>
/// <param name="ResidentMegabytes">Now.</param>
/// <param name="PeakMegabytes">At most so far.</param>
public sealed record ProcessUse(double CpuSeconds, double ResidentMegabytes, double PeakMegabytes)
{
    /// <summary>USER_HZ, which is 100 wherever Linux runs.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessUse Of(int pid)
    {
        // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field behind it.
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var status = File.ReadAllLines($"/proc/{pid}/status");
        return new ProcessUse((Number(fields[11]) + Number(fields[12])) / TicksPerSecond, Megabytes(status, "VmRSS:"), Megabytes(status, "VmHWM:"));
    }

    private static double Megabytes(string[] status, string name) =>
        Number(status.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
