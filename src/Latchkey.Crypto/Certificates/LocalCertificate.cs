using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Crypto;

/// <summary>This host's certificate for its key, and the intermediate authorities a peer may need.</summary>
/// <param name="Names">What it says of its owner.</param>
/// <param name="Chain">DER; the host's own first.</param>
public sealed record LocalCertificate(PeerCertificate Names, ImmutableArray<byte[]> Chain)
{
    /// <summary>Reads PEM blocks "CERTIFICATE"; the first one must be that of <paramref name="key"/>.</summary>
    public static bool TryReadPem(string pem, SigningKey key, [NotNullWhen(true)] out LocalCertificate? certificate, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        certificate = null;
        var read = new X509Certificate2Collection();
        try
        {
            read.ImportFromPem(pem);
            if (read.Count == 0)
            {
                error = "there is no PEM block \"CERTIFICATE\" in it";
                return false;
            }

            if (!PeerCertificate.TryRead(read[0], out var own, out error))
            {
                return false;
            }

            if (!own.Key.Equals(key.Public))
            {
                error = $"its first certificate (\"{own.Text}\") is for another key, {own.Key}, than this host's, {key.Public}";
                return false;
            }

            certificate = new LocalCertificate(own, [.. read.Select(c => c.RawData)]);
            return true;
        }
        catch (CryptographicException e)
        {
            error = $"a PEM block in it cannot be read: {e.Message}";
            return false;
        }
    }
}
