namespace Latchkey.Daemon.Identity;

/// <summary>Small files that only their owner reads.</summary>
internal static class OwnersFile
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OthersAnything =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="what">What the file is, for messages: "key file".</param>
    /// <param name="whenLeaked">What to do if others may have read it.</param>
    /// <exception cref="StartupException">It is unreadable, too long, or open to others.</exception>
    public static byte[] Read(string file, string what, int maximumLength, string whenLeaked)
    {
        try
        {
            // The mode is that of the open file, not of whatever bears its name a moment later.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var mode = File.GetUnixFileMode(stream.SafeFileHandle);
            if ((mode & OthersAnything) != 0)
            {
                throw new StartupException($"the {what} {file} is open to others (mode {Convert.ToString((int)mode, 8)})", $"run: chmod 600 {file}; if others may have read it, {whenLeaked}");
            }

            if (stream.Length > maximumLength)
            {
                throw new StartupException($"the {what} {file} has {stream.Length} octets, which is too many", "restore it, or delete it, so that a new one is made");
            }

            var octets = GC.AllocateArray<byte>((int)stream.Length, pinned: true);
            stream.ReadExactly(octets);
            return octets;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot read the {what} {file}: {e.Message}", "make it readable for the user the daemon runs as, and for nobody else");
        }
    }

    /// <summary>Written beside, flushed, then renamed: a crash leaves all of it or what was there before.</summary>
    public static void Write(string file, ReadOnlySpan<byte> octets, bool overwrite)
    {
        var fresh = $"{file}.new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = OwnerOnly, BufferSize = 0 };
        using (var stream = new FileStream(fresh, options))
        {
            stream.Write(octets);
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, file, overwrite);
    }

    /// <summary>The same for what a daemon needs to start.</summary>
    /// <exception cref="StartupException">It cannot be written.</exception>
    public static void WriteOrRefuse(string file, string what, ReadOnlySpan<byte> octets)
    {
        try
        {
            Write(file, octets, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot write the {what} {file}: {e.Message}", "make its directory writable for root, or name another 'state' directory");
        }
    }
}
