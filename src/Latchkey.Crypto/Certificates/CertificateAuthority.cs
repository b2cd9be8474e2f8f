using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Security.Certificates;

namespace Latchkey.Crypto;

/// <summary>
/// The authorities whose certificates count for one peer, with their revocation lists. Nothing is fetched: what is not in the
/// file, or sent by the peer, is not there.
/// </summary>
public sealed class CertificateAuthority
{
    /// <summary>A leaf and its intermediate authorities; more is somebody wasting our time.</summary>
    private const int LongestChain = 8;

    private readonly X509Certificate2Collection _anchors;
    private readonly RevocationLists _revocations;

    private CertificateAuthority(X509Certificate2Collection anchors, RevocationLists revocations) => (_anchors, _revocations) = (anchors, revocations);

    /// <summary>SHA-1 of every authority's SubjectPublicKeyInfo, one behind the other, for a CERTREQ payload (RFC 7296 §3.7).</summary>
#pragma warning disable CA5350 // fixed by RFC 7296 §3.7
    public byte[] KeyHashes => [.. _anchors.SelectMany(anchor => SHA1.HashData(anchor.PublicKey.ExportSubjectPublicKeyInfo()))];
#pragma warning restore CA5350

    /// <summary>The authorities' subjects, for people.</summary>
    public override string ToString() => string.Join("; ", _anchors.Select(anchor => anchor.Subject));

    /// <summary>Reads PEM blocks: authorities' certificates ("CERTIFICATE"), and their revocation lists ("X509 CRL").</summary>
    public static bool TryReadPem(string pem, [NotNullWhen(true)] out CertificateAuthority? authority, [NotNullWhen(false)] out string? error)
    {
        authority = null;
        var anchors = new X509Certificate2Collection();
        try
        {
            anchors.ImportFromPem(pem);
            if (anchors.Count == 0)
            {
                error = "there is no PEM block \"CERTIFICATE\" in it";
                return false;
            }

            authority = new CertificateAuthority(anchors, RevocationLists.Read(pem));
            error = null;
            return true;
        }
        catch (Exception e) when (e is CryptographicException or CrlException)
        {
            error = $"a PEM block in it cannot be read: {e.Message}";
            return false;
        }
    }

    /// <summary>Verifies a chain up to one of the authorities (RFC 5280 §6), and that no list revokes any of it.</summary>
    /// <param name="chain">DER; the peer's own certificate first, intermediate authorities behind it in any order.</param>
    /// <param name="sinceEpoch">Now, since 1970 (UTC).</param>
    public bool TryVerify(IReadOnlyList<byte[]> chain, TimeSpan sinceEpoch, [NotNullWhen(true)] out PeerCertificate? peer, [NotNullWhen(false)] out string? error)
    {
        peer = null;
        if (chain.Count is 0 or > LongestChain)
        {
            error = chain.Count == 0 ? "it sent no certificate" : $"it sent {chain.Count} certificates, which is too many";
            return false;
        }

        var at = DateTime.UnixEpoch + sinceEpoch;
        var sent = new X509Certificate2Collection();
        try
        {
            foreach (var der in chain)
            {
                sent.Add(X509CertificateLoader.LoadCertificate(der));
            }

            var validUntil = DateTime.MaxValue;
            error = Judge(sent, at) ?? Revoked(sent, at, out validUntil);
            if (error is not null)
            {
                return false;
            }

            if (PeerCertificate.TryRead(sent[0], out peer, out error))
            {
                peer.ValidUntil = validUntil - DateTime.UnixEpoch;
                return true;
            }

            error = $"its certificate \"{sent[0].Subject}\" cannot be used: {error}";
            return false;
        }
        catch (CryptographicException e)
        {
            error = $"its certificate cannot be read: {e.Message}";
            return false;
        }
        finally
        {
            Release(sent);
        }
    }

    private string? Judge(X509Certificate2Collection sent, DateTime at)
    {
        using var chain = Chain(sent, at);
        if (chain.Build(sent[0]))
        {
            return null;
        }

        var why = string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.TrimEnd('.', ' ')).Distinct());
        return $"its certificate \"{sent[0].Subject}\" of \"{sent[0].Issuer}\", valid {sent[0].NotBefore.ToUniversalTime():u} to {sent[0].NotAfter.ToUniversalTime():u}, "
            + $"does not lead to the authority {this}: {why}";
    }

    /// <param name="validUntil">When the first of the chain and of its revocation lists will be out of date.</param>
    private string? Revoked(X509Certificate2Collection sent, DateTime at, out DateTime validUntil)
    {
        using var chain = Chain(sent, at);
        chain.Build(sent[0]);
        var elements = chain.ChainElements;
        validUntil = elements.Min(element => element.Certificate.NotAfter.ToUniversalTime());
        for (var i = 0; i < elements.Count - 1; i++)
        {
            if (_revocations.Judge(elements[i].Certificate, elements[i + 1].Certificate, at, ref validUntil) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    private X509Chain Chain(X509Certificate2Collection sent, DateTime at)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_anchors);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at;
        return chain;
    }

    private static void Release(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }
}
