using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>ID types of RFC 7296 §3.5.</summary>
public enum IdType : byte
{
    Ipv4Address = 1,
    Fqdn = 2,
    Rfc822Address = 3,
    Ipv6Address = 5,
    DerAsn1Dn = 9,
    DerAsn1Gn = 10,
    KeyId = 11,
    Null = 13,
}

/// <summary>What a peer asserts in its ID payload. Until a key proves it, a claim and nothing more.</summary>
public sealed record IkeIdentification(IdType Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>How the forms are told apart, for people.</summary>
    public const string Forms = "an address, a name (\"gw.example.org\"), a mail address, a distinguished name (\"C=CH, O=Example, CN=gw\") or \"keyid:\" and hexadecimal digits";

    private const string KeyIdPrefix = "keyid:";

    /// <summary>The address of an ID_IPV4_ADDR or ID_IPV6_ADDR of the right length, else null.</summary>
    public InetAddress? Address => (Type, Data.Length) switch
    {
        (IdType.Ipv4Address, 4) or (IdType.Ipv6Address, 16) => InetAddress.FromBytes(Data.Span),
        _ => null,
    };

    public static IkeIdentification Of(InetAddress address) => new(address.IsV4 ? IdType.Ipv4Address : IdType.Ipv6Address, address.ToBytes());

    /// <summary>Reads what people write; the form says which type is meant.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IkeIdentification? id)
    {
        ArgumentNullException.ThrowIfNull(text);
        id = InetAddress.TryParse(text, out var address) ? Of(address)
            : text.StartsWith(KeyIdPrefix, StringComparison.OrdinalIgnoreCase) ? KeyId(text[KeyIdPrefix.Length..])
            : text.Contains('=', StringComparison.Ordinal) ? Distinguished(text)
            : text.Length == 0 || !IsVisible(Encoding.UTF8.GetBytes(text)) ? null
            : new IkeIdentification(text.Contains('@', StringComparison.Ordinal) ? IdType.Rfc822Address : IdType.Fqdn, Encoding.ASCII.GetBytes(text));
        return id is not null;
    }

    /// <summary>Whether both name the same: letters of names count alike in either case, and distinguished names however they are encoded.</summary>
    public bool Names(IkeIdentification other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Equals(other) || (Type == other.Type && Type switch
        {
            IdType.Fqdn or IdType.Rfc822Address => Ascii.EqualsIgnoreCase(Data.Span, other.Data.Span),
            IdType.DerAsn1Dn => Parts(Data) is { } ours && Parts(other.Data) is { } theirs && ours.SequenceEqual(theirs),
            _ => false,
        });
    }

    /// <summary>Whether a certificate says that its owner has this name (RFC 4945 §3.1).</summary>
    public bool IsIn(PeerCertificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Type switch
        {
            IdType.Ipv4Address or IdType.Ipv6Address => certificate.Addresses.Any(a => Data.Span.SequenceEqual(a)),
            IdType.Fqdn => certificate.DnsNames.Any(name => Ascii.EqualsIgnoreCase(Data.Span, name)),
            IdType.Rfc822Address => certificate.Mails.Any(mail => Ascii.EqualsIgnoreCase(Data.Span, mail)),
            IdType.DerAsn1Dn => Names(new IkeIdentification(IdType.DerAsn1Dn, certificate.Subject)),
            _ => false,
        };
    }

    public bool Equals(IkeIdentification? other) =>
        other is not null && Type == other.Type && Data.Span.SequenceEqual(other.Data.Span);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Type);
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    /// <summary>Printable; octets a peer chose are escaped.</summary>
    public override string ToString() => Type switch
    {
        IdType.Ipv4Address or IdType.Ipv6Address when Address is { } address => address.ToString(),
        IdType.Fqdn or IdType.Rfc822Address when IsVisible(Data.Span) => Encoding.ASCII.GetString(Data.Span),
        IdType.DerAsn1Dn when Text(Data) is { } name => name,
        IdType.Null when Data.IsEmpty => "nobody",
        IdType.KeyId => $"{KeyIdPrefix}{Convert.ToHexStringLower(Data.Span)}",
        _ => $"{Type}:{Convert.ToHexStringLower(Data.Span)}",
    };

    private static bool IsVisible(ReadOnlySpan<byte> text) => text.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7e) < 0;

    private static IkeIdentification? KeyId(string digits)
    {
        try
        {
            return digits.Length == 0 ? null : new IkeIdentification(IdType.KeyId, Convert.FromHexString(digits));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IkeIdentification? Distinguished(string text)
    {
        try
        {
            return new IkeIdentification(IdType.DerAsn1Dn, new X500DistinguishedName(text, X500DistinguishedNameFlags.None).RawData);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static List<(string? Attribute, string? Value)>? Parts(ReadOnlyMemory<byte> name)
    {
        try
        {
            return [.. new X500DistinguishedName(name.Span).EnumerateRelativeDistinguishedNames(reversed: false).Select(part => (part.GetSingleElementType().Value, part.GetSingleElementValue()))];
        }
        catch (Exception e) when (e is CryptographicException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(ReadOnlyMemory<byte> name)
    {
        try
        {
            var text = new X500DistinguishedName(name.Span).Decode(X500DistinguishedNameFlags.None);
            return text.Any(char.IsControl) ? null : text;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
