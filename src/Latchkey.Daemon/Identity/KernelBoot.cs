namespace Latchkey.Daemon.Identity;

/// <summary>Which run of the kernel this is.</summary>
internal static class KernelBoot
{
    private const string File = "/proc/sys/kernel/random/boot_id";

    /// <summary>Another value after each boot, and never one twice.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static Guid Id()
    {
        try
        {
            return Guid.Parse(System.IO.File.ReadAllText(File).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new StartupException($"cannot read the kernel's boot id: {e.Message}", "mount /proc");
        }
    }
}
