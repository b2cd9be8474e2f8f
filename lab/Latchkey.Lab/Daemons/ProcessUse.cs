using System.Globalization;

namespace Latchkey.Lab.Daemons;

/// <summary>What a process uses, as the kernel counts it (proc(5)).</summary>
/// <param name="CpuSeconds">Of all its threads, in user space and in the kernel.</param>
/// <param name="ResidentMebibytes">Now.</param>
/// <param name="PeakMebibytes">At most so far.</param>
public sealed record ProcessUse(double CpuSeconds, double ResidentMebibytes, double PeakMebibytes)
{
    /// <summary>USER_HZ, which is 100 on every architecture of Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <exception cref="LabException">The process has ended.</exception>
    public static ProcessUse Of(int process)
    {
        try
        {
            var status = File.ReadAllLines($"/proc/{process}/status");
            return new ProcessUse(CpuTicks(File.ReadAllText($"/proc/{process}/stat")) / TicksPerSecond, Mebibytes(status, "VmRSS:"), Mebibytes(status, "VmHWM:"));
        }
        catch (IOException)
        {
            throw new LabException($"process {process} has ended");
        }
    }

    /// <summary>Fields 14 and 15; the second field is a name in parentheses that may hold anything.</summary>
    public static long CpuTicks(string stat)
    {
        ArgumentNullException.ThrowIfNull(stat);
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static double Mebibytes(string[] status, string name)
    {
        var line = status.First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
