using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Crypto;

/// <summary>Private keys as PKCS #8 in PEM (RFC 5958, RFC 7468), unencrypted: the file's permissions guard it.</summary>
internal static class PrivateKeyFile
{
    private const string Label = "PRIVATE KEY";
    private const int Ed25519SeedLength = 32;

    public static SigningKey GenerateEd25519(IRandomSource random)
    {
        var seed = new SecretBytes(Ed25519SeedLength);
        random.Fill(seed.Span);
        return new Ed25519SigningKey(seed);
    }

    public static bool TryRead(ReadOnlySpan<byte> pem, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!PemEncoding.TryFindUtf8(pem, out var fields))
        {
            error = $"no PEM block found; expected one that begins with -----BEGIN {Label}-----";
            return false;
        }

        var label = Encoding.UTF8.GetString(pem[fields.Label]);
        if (label != Label)
        {
            error = ExplainLabel(label);
            return false;
        }

        using var pkcs8 = new SecretBytes(fields.DecodedDataLength);
        if (Base64.DecodeFromUtf8(pem[fields.Base64Data], pkcs8.Span, out _, out var length) != OperationStatus.Done || length != pkcs8.Length)
        {
            error = "the PEM block is not base64";
            return false;
        }

        try
        {
            return TryReadPkcs8(pkcs8.Span, out key, out error);
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            error = $"the PEM block does not hold a PKCS #8 private key: {e.Message}";
            return false;
        }
    }

    public static SecretBytes WriteEd25519(ReadOnlySpan<byte> seed)
    {
        // RFC 8410 §7: what PKCS #8 wraps in an OCTET STRING is an OCTET STRING itself.
        Span<byte> prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, Ed25519SeedLength];
        using var pkcs8 = new SecretBytes(prefix.Length + seed.Length);
        prefix.CopyTo(pkcs8.Span);
        seed.CopyTo(pkcs8.Span[prefix.Length..]);
        return WritePem(pkcs8.Span);
    }

    public static SecretBytes Write(AsymmetricAlgorithm key)
    {
        var pkcs8 = key.ExportPkcs8PrivateKey();
        var pem = WritePem(pkcs8);
        CryptographicOperations.ZeroMemory(pkcs8);
        return pem;
    }

    private static SecretBytes WritePem(ReadOnlySpan<byte> pkcs8)
    {
        var pem = new SecretBytes(PemEncoding.GetEncodedSize(Label.Length, pkcs8.Length) + 1);
        PemEncoding.TryWriteUtf8(Encoding.UTF8.GetBytes(Label), pkcs8, pem.Span, out var length);
        pem.Span[length] = (byte)'\n';
        return pem;
    }

    private static bool TryReadPkcs8(ReadOnlySpan<byte> pkcs8, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error)
    {
        var (algorithm, parameters) = ReadAlgorithm(pkcs8, out var content);
        switch (algorithm)
        {
            case Ed25519PeerKey.Oid:
                key = ReadEd25519(content);
                error = null;
                return true;
            case EcdsaPeerKey.Oid when EcdsaCurve.NamedBy(parameters) is { } curve:
                key = new EcdsaSigningKey(curve, Import(ECDsa.Create(), pkcs8));
                error = null;
                return true;
            case EcdsaPeerKey.Oid:
                key = null;
                error = "the elliptic curve of the private key is neither P-256 nor P-384, which are supported";
                return false;
            case RsaPeerKey.Oid:
                return RsaSigningKey.TryCreate(Import(RSA.Create(), pkcs8), out key, out error);
            default:
                key = null;
                error = $"private key algorithm {algorithm} is not supported; supported are Ed25519, ECDSA (P-256, P-384) and RSA";
                return false;
        }
    }

    // By spans into the caller's buffer, so that no copy of the key is left on the heap.
    private static (string Oid, byte[] Parameters) ReadAlgorithm(ReadOnlySpan<byte> pkcs8, out ReadOnlySpan<byte> content)
    {
        const AsnEncodingRules Rules = AsnEncodingRules.DER;
        AsnDecoder.ReadSequence(pkcs8, Rules, out var offset, out var length, out var consumed);
        ThrowUnless(consumed == pkcs8.Length);
        var info = pkcs8.Slice(offset, length);
        AsnDecoder.ReadInteger(info, Rules, out consumed);
        info = info[consumed..];
        AsnDecoder.ReadSequence(info, Rules, out offset, out length, out consumed);
        var algorithm = info.Slice(offset, length);
        ThrowUnless(AsnDecoder.TryReadPrimitiveOctetString(info[consumed..], Rules, out content, out _));
        var oid = AsnDecoder.ReadObjectIdentifier(algorithm, Rules, out consumed);
        return (oid, algorithm[consumed..].ToArray());
    }

    private static Ed25519SigningKey ReadEd25519(ReadOnlySpan<byte> content)
    {
        ThrowUnless(AsnDecoder.TryReadPrimitiveOctetString(content, AsnEncodingRules.DER, out var seed, out var consumed));
        ThrowUnless(consumed == content.Length && seed.Length == Ed25519SeedLength);
        return new Ed25519SigningKey(new SecretBytes(seed));
    }

    private static T Import<T>(T key, ReadOnlySpan<byte> pkcs8)
        where T : AsymmetricAlgorithm
    {
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static void ThrowUnless(bool wellFormed)
    {
        if (!wellFormed)
        {
            throw new AsnContentException();
        }
    }

    private static string ExplainLabel(string label) => label switch
    {
        "ENCRYPTED PRIVATE KEY" => "the private key is encrypted; an unencrypted one is needed (openssl pkey -in OLD -out NEW)",
        "OPENSSH PRIVATE KEY" => "an OpenSSH private key; PKCS #8 is needed (openssl genpkey -algorithm ed25519 makes a new key)",
        "RSA PRIVATE KEY" or "EC PRIVATE KEY" or "EC PARAMETERS" =>
            $"found \"{label}\"; PKCS #8 is needed (openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW)",
        "CERTIFICATE" or "PUBLIC KEY" => $"found \"{label}\", which holds no private key; expected \"{Label}\" (PKCS #8)",
        _ => $"found \"{label}\"; expected \"{Label}\" (PKCS #8)",
    };
}
