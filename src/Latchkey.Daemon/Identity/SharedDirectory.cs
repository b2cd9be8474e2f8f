namespace Latchkey.Daemon.Identity;

/// <summary>Directories that everybody passes through and only their owner changes.</summary>
internal static class SharedDirectory
{
    /// <summary>
    /// Makes the directory, and those above it, when they are missing. One that exists is left as it is: who may not pass it
    /// is kept out by whoever made it so.
    /// </summary>
    /// <exception cref="StartupException">It cannot be made.</exception>
    public static void Ensure(string directory) =>
        PrivateDirectory.Make(directory, PrivateDirectory.OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
}
