using System.Globalization;

namespace Latchkey.Daemon.Identity;

/// <summary>Which run of the kernel this is.</summary>
internal static class KernelBoot
{
    /// <summary>Another value after each boot, and never one twice.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static Guid Id() => Read("/proc/sys/kernel/random/boot_id", Guid.Parse);

    /// <summary>Time since the kernel booted, also what it slept.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static TimeSpan Uptime() => Read("/proc/uptime", text => TimeSpan.FromSeconds(double.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture)));

    private static T Read<T>(string file, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new StartupException($"cannot read {file}: {e.Message}", "mount /proc");
        }
    }
}
