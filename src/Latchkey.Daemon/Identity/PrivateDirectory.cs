namespace Latchkey.Daemon.Identity;

/// <summary>Directories that only their owner enters.</summary>
internal static class PrivateDirectory
{
    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directory, and those above it, when they are missing; one that exists is left as it is.</summary>
    /// <exception cref="StartupException">It cannot be made.</exception>
    public static void Ensure(string directory) => Make(directory, OwnerOnly);

    internal static void Make(string directory, UnixFileMode mode)
    {
        try
        {
            Directory.CreateDirectory(directory, mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot make the directory {directory}: {e.Message}", "run as root, or name a directory that can be made");
        }
    }
}
