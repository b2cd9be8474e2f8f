using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>A curve that ECDSA keys are on (RFC 5480 §2.1.1.1).</summary>
/// <param name="Ways">How its keys sign, the best first: with the hash that is as strong as the curve (RFC 5480 §4).</param>
internal sealed record EcdsaCurve(string Name, string Oid, int CoordinateLength, ECCurve Curve, IReadOnlyList<SignatureAlgorithm> Ways)
{
    public static EcdsaCurve P256 { get; } = new("P-256", "1.2.840.10045.3.1.7", 32, ECCurve.NamedCurves.nistP256, SignatureAlgorithm.Ecdsa);

    public static EcdsaCurve P384 { get; } = new(
        "P-384", "1.3.132.0.34", 48, ECCurve.NamedCurves.nistP384, [SignatureAlgorithm.Ecdsa[1], SignatureAlgorithm.Ecdsa[2], SignatureAlgorithm.Ecdsa[0]]);

    /// <param name="parameters">The parameters of an AlgorithmIdentifier, in DER.</param>
    /// <returns>Null: another curve.</returns>
    public static EcdsaCurve? NamedBy(ReadOnlySpan<byte> parameters) => Is(P256, parameters) ? P256 : Is(P384, parameters) ? P384 : null;

    private static bool Is(EcdsaCurve curve, ReadOnlySpan<byte> parameters)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(curve.Oid);
        return writer.EncodedValueEquals(parameters);
    }
}
