using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Security.Certificates;
using Org.BouncyCastle.X509;

namespace Latchkey.Crypto;

/// <summary>Certificate revocation lists (RFC 5280 §5), from a file. The base library reads none offline.</summary>
/// <remarks>An authority without a list here is not asked. One whose list is out of date vouches for nobody: fail closed.</remarks>
internal sealed class RevocationLists
{
    private const string Label = "X509 CRL";

    private readonly List<X509Crl> _lists;

    private RevocationLists(List<X509Crl> lists) => _lists = lists;

    /// <exception cref="CrlException">A block is no list.</exception>
    public static RevocationLists Read(string pem)
    {
        var lists = new List<X509Crl>();
        for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
        {
            if (rest[fields.Label].SequenceEqual(Label))
            {
                lists.Add(new X509CrlParser().ReadCrl(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            }
        }

        return new RevocationLists(lists);
    }

    /// <param name="validUntil">Brought forward to when the issuer's last list will be out of date.</param>
    /// <returns>Why the certificate does not count; null when nothing speaks against it.</returns>
    public string? Judge(X509Certificate2 certificate, X509Certificate2 issuer, DateTime at, ref DateTime validUntil)
    {
        var key = new X509CertificateParser().ReadCertificate(issuer.RawData).GetPublicKey();
        var lists = _lists.Where(list => list.IssuerDN.GetDerEncoded().AsSpan().SequenceEqual(issuer.SubjectName.RawData) && list.IsSignatureValid(key)).ToList();
        if (lists.Count == 0)
        {
            return null;
        }

        var current = lists.Where(list => list.ThisUpdate <= at && (list.NextUpdate is not { } next || at <= next)).ToList();
        if (current.Count == 0)
        {
            return $"the revocation list of \"{issuer.Subject}\" is out of date; fetch the present one";
        }

        var last = current.Max(list => list.NextUpdate ?? DateTime.MaxValue);
        validUntil = last < validUntil ? last : validUntil;

        var serial = new BigInteger(1, certificate.SerialNumberBytes.ToArray());
        return current.Any(list => list.GetRevokedCertificate(serial) is not null)
            ? $"the certificate \"{certificate.Subject}\", serial number {certificate.SerialNumber}, is revoked by \"{issuer.Subject}\""
            : null;
    }
}
