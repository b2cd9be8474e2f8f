using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>This host's certificate, which somebody else made for its key.</summary>
public static class CertificateFile
{
    /// <exception cref="StartupException">The file is unreadable, or is not about this host's key.</exception>
    public static LocalCertificate Load(string file, SigningKey key)
    {
        string pem;
        try
        {
            pem = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"cannot read the certificate {file}: {e.Message}", "put it there, or take certificate_file out of [identity]");
        }

        return LocalCertificate.TryReadPem(pem, key, out var certificate, out var error)
            ? certificate
            : throw new StartupException($"the certificate {file} cannot be used: {error}", "have the authority make one for this host's key");
    }
}
