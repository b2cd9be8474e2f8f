using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Crypto;

/// <summary>A certificate that led to an authority: its key, and the names it may assert (RFC 4945 §3.1, §5.1.3.6).</summary>
public sealed class PeerCertificate
{
    private const string SubjectAlternativeName = "2.5.29.17";

    private PeerCertificate(PeerKey key, X509Certificate2 certificate)
    {
        Key = key;
        ValidUntil = certificate.NotAfter.ToUniversalTime() - DateTime.UnixEpoch;
        Subject = certificate.SubjectName.RawData;
        Text = certificate.SubjectName.Decode(X500DistinguishedNameFlags.None);
        (DnsNames, Mails, Addresses) = AlternativeNames(certificate);
    }

    public PeerKey Key { get; }

    /// <summary>When it will be out of date, or the first of what vouches for it; since 1970 (UTC).</summary>
    public TimeSpan ValidUntil { get; internal set; }

    /// <summary>DER of the subject's distinguished name.</summary>
    public byte[] Subject { get; }

    /// <summary>The subject as text, in the order of its encoding.</summary>
    public string Text { get; }

    public IReadOnlyList<string> DnsNames { get; }

    public IReadOnlyList<string> Mails { get; }

    /// <summary>Four octets or sixteen.</summary>
    public IReadOnlyList<byte[]> Addresses { get; }

    /// <summary>Reads a certificate; the key must be one that <see cref="PeerKey"/> knows, and be meant for signing.</summary>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out PeerCertificate? read, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        read = null;
        if (!PeerKey.TryRead(certificate.PublicKey.ExportSubjectPublicKeyInfo(), out var key, out error))
        {
            return false;
        }

        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && (usage.KeyUsages & (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation)) == 0)
        {
            error = "its key usage does not allow signatures";
            return false;
        }

        try
        {
            read = new PeerCertificate(key, certificate);
            error = null;
            return true;
        }
        catch (AsnContentException)
        {
            error = "its alternative names cannot be read";
            return false;
        }
    }

    private static (List<string> Dns, List<string> Mails, List<byte[]> Addresses) AlternativeNames(X509Certificate2 certificate)
    {
        var (dns, mails, addresses) = (new List<string>(), new List<string>(), new List<byte[]>());
        if (certificate.Extensions[SubjectAlternativeName] is { } extension)
        {
            // GeneralName of RFC 5280 §4.2.1.6: [1] mail, [2] DNS, [7] address; the others name nothing that IKE asserts.
            var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                var tag = names.PeekTag();
                if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
                {
                    mails.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 2)))
                {
                    dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 7)))
                {
                    addresses.Add(names.ReadOctetString(tag));
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }

        return (dns, mails, addresses);
    }
}
