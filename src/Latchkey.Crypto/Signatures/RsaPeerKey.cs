using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An RSA public key (RFC 3279 §2.3.1); it verifies RSASSA-PSS, and RSASSA-PKCS1-v1_5 with SHA-2.</summary>
internal sealed class RsaPeerKey : PeerKey
{
    public const string Oid = "1.2.840.113549.1.1.1";

    // Below, factoring comes within reach; above, one verification takes milliseconds that a stranger may ask for.
    private const int FewestBits = 2048;
    private const int MostBits = 8192;

    // A longer exponent makes verification slow without making anything safer.
    private const int MostExponentBits = 64;

    private static readonly byte[] NullParameters = [5, 0];

    private readonly RSAParameters _key;

    private RsaPeerKey(BigInteger modulus, BigInteger exponent)
        : base(Encode(modulus, exponent))
    {
        _key = new RSAParameters { Modulus = Octets(modulus), Exponent = Octets(exponent) };
        Algorithm = $"RSA-{modulus.GetBitLength()}";
    }

    public override string Algorithm { get; }

    /// <summary>Makes the key from the parts of an SPKI.</summary>
    /// <exception cref="AsnContentException">The content is not an RSAPublicKey.</exception>
    public static bool TryCreate(ReadOnlySpan<byte> parameters, byte[] content, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!parameters.SequenceEqual(NullParameters))
        {
            error = "the AlgorithmIdentifier of an RSA key must have NULL parameters";
            return false;
        }

        var numbers = new AsnReader(content, AsnEncodingRules.DER).ReadSequence();
        return TryCreate(numbers.ReadInteger(), numbers.ReadInteger(), out key, out error);
    }

    public static bool TryCreate(BigInteger modulus, BigInteger exponent, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        var bits = modulus.GetBitLength();
        if (modulus.Sign <= 0 || modulus.IsEven || bits is < FewestBits or > MostBits)
        {
            error = $"the RSA modulus has {bits} bits; accepted are odd ones of {FewestBits} to {MostBits} bits";
            return false;
        }

        if (exponent < 3 || exponent.IsEven || exponent.GetBitLength() > MostExponentBits)
        {
            error = $"the RSA public exponent must be odd, 3 or more, and have at most {MostExponentBits} bits";
            return false;
        }

        key = new RsaPeerKey(modulus, exponent);
        error = null;
        return true;
    }

    /// <remarks>The library's PSS padding means a salt as long as the hash, which is what the identifiers say.</remarks>
    public override bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var (algorithm, padding) = SignatureAlgorithm.RsaPss.NamedBy(algorithmIdentifier) is { } pss
            ? (pss, RSASignaturePadding.Pss)
            : (SignatureAlgorithm.RsaPkcs1.NamedBy(algorithmIdentifier), RSASignaturePadding.Pkcs1);
        if (algorithm is null)
        {
            return false;
        }

        using var key = RSA.Create(_key);
        return key.VerifyData(data, signature, algorithm.Hash, padding);
    }

    private static byte[] Encode(BigInteger modulus, BigInteger exponent)
    {
        var numbers = new AsnWriter(AsnEncodingRules.DER);
        using (numbers.PushSequence())
        {
            numbers.WriteInteger(modulus);
            numbers.WriteInteger(exponent);
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
                writer.WriteNull();
            }

            writer.WriteBitString(numbers.Encode());
        }

        return writer.Encode();
    }

    private static byte[] Octets(BigInteger number) => number.ToByteArray(isUnsigned: true, isBigEndian: true);
}
