using Latchkey.Linux;

namespace Latchkey.Daemon.Hosting;

/// <summary>The kernel's list of sockets (inet_diag), which a daemon cannot start without.</summary>
internal static class InetDiag
{
    /// <exception cref="StartupException">The kernel cannot be asked.</exception>
    public static T Require<T>(Func<T> question)
    {
        try
        {
            return question();
        }
        catch (LinuxException e)
        {
            throw new StartupException(e.Message, "use a kernel with inet_diag: without it connections older than the daemon cannot be found and reset, and nobody can be told from another");
        }
    }
}
