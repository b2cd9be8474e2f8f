using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace Latchkey.Crypto;

/// <summary>Reads a SubjectPublicKeyInfo (RFC 5280 §4.1) that may come from anybody.</summary>
/// <remarks>
/// A key is named by the hash of its encoding, so it must have one encoding only: what is read is written again by the
/// leaf, and the two must be equal.
/// </remarks>
internal static class PublicKeyReader
{
    // An RSA key of 8192 bits takes 1062 octets; nothing longer is looked at.
    private const int LongestEncoding = 1100;

    public static bool TryRead(ReadOnlySpan<byte> spki, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (spki.Length > LongestEncoding)
        {
            error = $"a public key of {spki.Length} octets; the longest one accepted (RSA-8192) has less than {LongestEncoding}";
            return false;
        }

        try
        {
            var outer = new AsnReader(spki.ToArray(), AsnEncodingRules.DER);
            var info = outer.ReadSequence();
            var algorithm = info.ReadSequence();
            var oid = algorithm.ReadObjectIdentifier();
            var parameters = algorithm.HasData ? algorithm.ReadEncodedValue() : default;
            var bits = info.ReadBitString(out _);
            if (!TryCreate(oid, parameters.Span, bits, out key, out error))
            {
                return false;
            }
        }
        catch (AsnContentException)
        {
            error = "not a DER SubjectPublicKeyInfo";
            return false;
        }

        if (!key.SubjectPublicKeyInfo.SequenceEqual(spki))
        {
            key = null;
            error = "the SubjectPublicKeyInfo is not in the one encoding that its key has";
            return false;
        }

        return true;
    }

    private static bool TryCreate(string oid, ReadOnlySpan<byte> parameters, byte[] bits, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        switch (oid)
        {
            case Ed25519PeerKey.Oid:
                return Ed25519PeerKey.TryCreate(parameters, bits, out key, out error);
            case EcdsaPeerKey.Oid:
                return EcdsaPeerKey.TryCreate(parameters, bits, out key, out error);
            case RsaPeerKey.Oid:
                return RsaPeerKey.TryCreate(parameters, bits, out key, out error);
            default:
                key = null;
                error = $"public key algorithm {oid} is not supported; supported are Ed25519, ECDSA (P-256, P-384) and RSA";
                return false;
        }
    }
}
