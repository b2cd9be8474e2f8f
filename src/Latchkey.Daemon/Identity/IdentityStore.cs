using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>This host's private key in a file that only its owner reads; made on first start.</summary>
public static class IdentityStore
{
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
            Save(key, file, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw new StartupException($"cannot write the key file {file}: {e.Message}", "make its directory writable for root, or name another key_file");
        }

        return (key, true);
    }

    /// <summary>
    /// Puts a new key in place of the old one, which signs a voucher for it and is gone. A running daemon goes on with the
    /// old key until it is restarted: a key must not change under live latches (RFC 5386 §2, B10).
    /// </summary>
    /// <param name="now">The wall clock, UTC.</param>
    /// <returns>The old and the new fingerprint.</returns>
    /// <exception cref="StartupException">There is no key yet, or a file cannot be read or written; nothing was changed.</exception>
    public static (KeyFingerprint Old, KeyFingerprint New) Rotate(string file, IRandomSource random, DateTime now)
    {
        if (!File.Exists(file))
        {
            throw new StartupException($"there is no key {file} to be replaced", "the daemon makes one when it starts; or name the right configuration with --config FILE");
        }

        using var old = Load(file);
        using var fresh = SigningKey.Generate(random);
        try
        {
            // The voucher first: a key without one would be refused everywhere; a voucher whose key was never written is idle.
            VoucherFile.Append(file, KeyVoucher.Sign(old, fresh.Public.Fingerprint, (long)(now - DateTime.UnixEpoch).TotalSeconds));
            Save(fresh, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot write beside {file}: {e.Message}", "make its directory writable for root; the old key is still in place");
        }

        return (old.Public.Fingerprint, fresh.Public.Fingerprint);
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

    private static void Save(SigningKey key, string file, bool overwrite) => OwnersFile.Write(file, key.ToPem(), overwrite);
}
