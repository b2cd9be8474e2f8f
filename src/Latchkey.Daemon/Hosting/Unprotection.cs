using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Journal;
using Latchkey.Linux;
using Latchkey.Linux.Protection;

namespace Latchkey.Daemon.Hosting;

/// <summary>Undoes what a stopped daemon leaves behind so that nothing escapes. Only ever done when a person asks.</summary>
public static class Unprotection
{
    /// <exception cref="StartupException">A daemon runs, or the kernel refused.</exception>
    public static void Remove(DaemonSettings settings)
    {
        using var stateLock = StateLock.Take(settings.StateDirectory);
        try
        {
            // First: what goes on in clear is latched no more.
            LatchJournal.Delete(settings.RuntimeDirectory);
            TrafficProtection.RemoveAll(new ProtectionSettings());
        }
        catch (Exception e) when (e is LinuxException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException(e.Message, "run as root; what is still up keeps protected traffic blocked");
        }
    }
}
