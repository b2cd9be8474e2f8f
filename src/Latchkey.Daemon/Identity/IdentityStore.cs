using System.Security.Cryptography;
using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>This host's private key in a file that only its owner reads; made on first start.</summary>
public static class IdentityStore
{
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
        var octets = OwnersFile.Read(file, "key file", MaximumLength, "delete it, so that a new key is made, and tell your peers");
        try
        {
            return SigningKey.TryReadPem(octets, out var key, out var error)
                ? key
                : throw new StartupException($"{file} holds no private key: {error}", "restore it, or delete it, so that a new key is made");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    private static void Save(SigningKey key, string file, bool overwrite)
    {
        using var pem = key.ToPem();
        OwnersFile.Write(file, pem.Span, overwrite);
    }
}
