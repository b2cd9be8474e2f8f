using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An ECDSA public key on P-256 or P-384 (RFC 5480).</summary>
internal sealed class EcdsaPeerKey : PeerKey
{
    public const string Oid = "1.2.840.10045.2.1";

    private readonly EcdsaCurve _curve;
    private readonly ECPoint _point;

    public EcdsaPeerKey(EcdsaCurve curve, ECPoint point)
        : base(Encode(curve, point)) => (_curve, _point) = (curve, point);

    public override string Algorithm => $"ECDSA {_curve.Name}";

    /// <summary>Makes the key from the parts of an SPKI; only the uncompressed form of the point is accepted.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> point, [NotNullWhen(true)] out PeerKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (EcdsaCurve.NamedBy(parameters) is not { CoordinateLength: var length } curve)
        {
            error = "the elliptic curve is neither P-256 nor P-384, which are supported";
            return false;
        }

        if (point.Length != 1 + (2 * length) || point[0] != 4)
        {
            error = "the public point is not in uncompressed form (04, x, y)";
            return false;
        }

        var candidate = new EcdsaPeerKey(curve, new ECPoint { X = point.Slice(1, length).ToArray(), Y = point[(1 + length)..].ToArray() });
        try
        {
            candidate.Import().Dispose();
        }
        catch (CryptographicException)
        {
            error = $"the public point is not on the curve {curve.Name}";
            return false;
        }

        key = candidate;
        error = null;
        return true;
    }

    public override bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (_curve.Ways.NamedBy(algorithmIdentifier) is not { } algorithm)
        {
            return false;
        }

        using var key = Import();
        return key.VerifyData(data, signature, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private ECDsa Import() => ECDsa.Create(new ECParameters { Curve = _curve.Curve, Q = _point });

    private static byte[] Encode(EcdsaCurve curve, ECPoint point)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
                writer.WriteObjectIdentifier(curve.Oid);
            }

            writer.WriteBitString([4, .. point.X!, .. point.Y!]);
        }

        return writer.Encode();
    }
}
