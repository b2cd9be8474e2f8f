using System.Globalization;

namespace Latchkey.Daemon.Identity;

/// <summary>One daemon per state directory: a lock that the kernel drops when its holder dies.</summary>
public sealed class StateLock : IDisposable
{
    /// <summary>EWOULDBLOCK, which .NET leaves in <see cref="Exception.HResult"/>: somebody holds the lock.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _lock;

    private StateLock(FileStream held) => _lock = held;

    /// <exception cref="StartupException">Another process holds the lock, and the message names it; or nothing can be written there.</exception>
    public static StateLock Take(string stateDirectory)
    {
        PrivateDirectory.Ensure(stateDirectory);
        var file = Path.Combine(stateDirectory, "lock");
        var holderFile = Path.Combine(stateDirectory, "pid");
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) here. The holder's pid stands in a file of its own,
            // because a locked file cannot be opened to read it.
            var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holderFile, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
            return new StateLock(held);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new StartupException(
                $"another daemon{Holder(holderFile)} uses the state directory {stateDirectory}", "stop it first, or give this one its own 'state' directory");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"cannot write in the state directory {stateDirectory}: {e.Message}", "run as root on a disk that is writable and has room, or name another 'state' directory");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string Holder(string holderFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(holderFile), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid) ? $" (pid {pid})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
