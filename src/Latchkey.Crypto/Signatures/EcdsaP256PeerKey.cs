using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An ECDSA public key on P-256 (RFC 5480).</summary>
internal sealed class EcdsaP256PeerKey : PeerKey
{
    public const string Oid = "1.2.840.10045.2.1";

    private const int CoordinateLength = 32;
    private const string CurveOid = "1.2.840.10045.3.1.7";
    private static readonly byte[] CurveParameters = Convert.FromHexString("06082a8648ce3d030107");

    private readonly ECParameters _key;

    public EcdsaP256PeerKey(ECPoint point)
        : base(Encode(point)) => _key = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point };

    public override string Algorithm => "ECDSA P-256";

    /// <summary>Makes the key from the parts of an SPKI; only the uncompressed form of the point is accepted.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> point, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!NamesCurve(parameters))
        {
            error = "the elliptic curve is not P-256, the one that is supported";
            return false;
        }

        if (point.Length != 1 + (2 * CoordinateLength) || point[0] != 4)
        {
            error = "the public point is not in uncompressed form (04, x, y)";
            return false;
        }

        var candidate = new EcdsaP256PeerKey(new ECPoint
        {
            X = point.Slice(1, CoordinateLength).ToArray(),
            Y = point[(1 + CoordinateLength)..].ToArray(),
        });
        try
        {
            candidate.Import().Dispose();
        }
        catch (CryptographicException)
        {
            error = "the public point is not on the curve P-256";
            return false;
        }

        key = candidate;
        error = null;
        return true;
    }

    public static bool NamesCurve(ReadOnlySpan<byte> parameters) => parameters.SequenceEqual(CurveParameters);

    public override bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (SignatureAlgorithm.Ecdsa.NamedBy(algorithmIdentifier) is not { } algorithm)
        {
            return false;
        }

        using var key = Import();
        return key.VerifyData(data, signature, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private ECDsa Import() => ECDsa.Create(_key);

    private static byte[] Encode(ECPoint point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
                writer.WriteObjectIdentifier(CurveOid);
            }

            writer.WriteBitString([4, .. point.X!, .. point.Y!]);
        }

        return writer.Encode();
    }
}
