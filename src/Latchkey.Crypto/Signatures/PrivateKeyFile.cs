using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

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

    public static bool TryRead(string pem, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            error = $"no PEM block found; expected one that begins with -----BEGIN {Label}-----";
            return false;
        }

        var label = pem[fields.Label];
        if (label != Label)
        {
            error = ExplainLabel(label);
            return false;
        }

        using var der = new SecretBytes(fields.DecodedDataLength);
        if (!Convert.TryFromBase64Chars(pem.AsSpan()[fields.Base64Data], der.Span, out _))
        {
            error = "the PEM block is not base64";
            return false;
        }

        return TryReadPkcs8(der, out key, out error);
    }

    public static string WriteEd25519(ReadOnlySpan<byte> seed)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Ed25519PeerKey.Oid);
            }

            // RFC 8410 §7: an OCTET STRING inside the OCTET STRING.
            using (writer.PushOctetString())
            {
                writer.WriteOctetString(seed);
            }
        }

        using var der = new SecretBytes(writer.GetEncodedLength());
        writer.Encode(der.Span);
        return WritePem(der.Span);
    }

    public static string WritePem(ReadOnlySpan<byte> pkcs8) => PemEncoding.WriteString(Label, pkcs8) + "\n";

    private static bool TryReadPkcs8(SecretBytes der, [NotNullWhen(true)] out SigningKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        try
        {
            var oid = ReadAlgorithm(der.Span, out var content);
            switch (oid)
            {
                case Ed25519PeerKey.Oid:
                    key = ReadEd25519(content);
                    break;
                default:
                    error = $"private key algorithm {oid} is not supported; expected Ed25519, ECDSA P-256 or RSA";
                    return false;
            }
        }
        catch (AsnContentException)
        {
            error = "the PEM block does not hold a PKCS #8 private key";
            return false;
        }

        error = null;
        return true;
    }

    // Decoded in place by spans, so that no copy of the key is left on the heap.
    private static string ReadAlgorithm(ReadOnlySpan<byte> der, out ReadOnlySpan<byte> content)
    {
        const AsnEncodingRules Rules = AsnEncodingRules.DER;
        AsnDecoder.ReadSequence(der, Rules, out var offset, out var length, out var consumed);
        if (consumed != der.Length)
        {
            throw new AsnContentException();
        }

        var info = der.Slice(offset, length);
        AsnDecoder.ReadInteger(info, Rules, out consumed);
        info = info[consumed..];
        AsnDecoder.ReadSequence(info, Rules, out offset, out length, out consumed);
        var oid = AsnDecoder.ReadObjectIdentifier(info.Slice(offset, length), Rules, out _);
        if (!AsnDecoder.TryReadPrimitiveOctetString(info[consumed..], Rules, out content, out _))
        {
            throw new AsnContentException();
        }

        return oid;
    }

    private static Ed25519SigningKey ReadEd25519(ReadOnlySpan<byte> content)
    {
        if (!AsnDecoder.TryReadPrimitiveOctetString(content, AsnEncodingRules.DER, out var seed, out var consumed)
            || consumed != content.Length || seed.Length != Ed25519SeedLength)
        {
            throw new AsnContentException();
        }

        return new Ed25519SigningKey(new SecretBytes(seed));
    }

    private static string ExplainLabel(string label) => label switch
    {
        "ENCRYPTED PRIVATE KEY" => "the private key is encrypted; an unencrypted one is needed (openssl pkey -in OLD -out NEW)",
        "OPENSSH PRIVATE KEY" => "an OpenSSH private key; PKCS #8 is needed (make one with: openssl genpkey -algorithm ed25519)",
        "RSA PRIVATE KEY" or "EC PRIVATE KEY" or "EC PARAMETERS" => $"found \"{label}\"; PKCS #8 is needed (openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW)",
        _ => $"found \"{label}\"; expected \"{Label}\" (PKCS #8)",
    };
}
