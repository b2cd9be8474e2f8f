using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>This host's private key in a file that only its owner reads; made on first start.</summary>
public static class IdentityStore
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OthersAnything =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>PKCS #8 of the largest RSA key accepted is well below this.</summary>
    private const int MaximumLength = 64 * 1024;

    /// <returns>The key, and whether it was made just now.</returns>
    /// <exception cref="StartupException">The file is unreadable, open to others, or not a key.</exception>
    public static (SigningKey Key, bool Made) LoadOrMake(string file, IRandomSource random)
    {
        PrivateDirectory.Ensure(Path.GetDirectoryName(file)!);
        if (File.Exists(file))
        {
            return (Load(file), false);
        }

        var key = SigningKey.Generate(random);
        try
        {
            Save(key, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw new StartupException($"cannot write the key file {file}: {e.Message}", "make its directory writable for root, or name another key_file");
        }

        return (key, true);
    }

    private static SigningKey Load(string file)
    {
        string pem;
        try
        {
            // The mode is that of the open file, not of whatever bears its name a moment later.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            var mode = File.GetUnixFileMode(stream.SafeFileHandle);
            if ((mode & OthersAnything) != 0)
            {
                throw new StartupException(
                    $"the key file {file} is open to others (mode {Convert.ToString((int)mode, 8)})",
                    $"run: chmod 600 {file}; if others may have read it, delete it, so that a new key is made, and tell your peers");
            }

            if (stream.Length > MaximumLength)
            {
                throw new StartupException($"the key file {file} has {stream.Length} octets: that is no key", "name the right file as key_file");
            }

            using var reader = new StreamReader(stream);
            pem = reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot read the key file {file}: {e.Message}", "make it readable for the user the daemon runs as, and for nobody else");
        }

        return SigningKey.TryReadPem(pem, out var key, out var error)
            ? key
            : throw new StartupException($"{file} holds no private key: {error}", "restore it, or delete it, so that a new key is made");
    }

    /// <summary>Written beside, flushed, then renamed: a crash leaves the whole key or none.</summary>
    private static void Save(SigningKey key, string file)
    {
        var fresh = $"{file}.new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = OwnerOnly };
        using (var stream = new FileStream(fresh, options))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(key.ToPem());
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, file, overwrite: false);
    }
}
