using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Math;

namespace Latchkey.Crypto;

/// <summary>Random ECP groups: Diffie-Hellman over the NIST curves (RFC 5903).</summary>
internal sealed class EcpKeyExchange : DiffieHellman
{
    private readonly ECCurve _curve;
    private readonly byte[] _order;

    private EcpKeyExchange(ushort transformId, string name, ECCurve curve, BigInteger order)
    {
        TransformId = transformId;
        Name = name;
        _curve = curve;
        _order = order.ToByteArrayUnsigned();
    }

    public static EcpKeyExchange P256 { get; } =
        new(19, "ECP-256", ECCurve.NamedCurves.nistP256, SecNamedCurves.GetByOid(SecObjectIdentifiers.SecP256r1).N);

    public static EcpKeyExchange P384 { get; } =
        new(20, "ECP-384", ECCurve.NamedCurves.nistP384, SecNamedCurves.GetByOid(SecObjectIdentifiers.SecP384r1).N);

    public override ushort TransformId { get; }

    public override string Name { get; }

    public override int PublicLength => 2 * CoordinateLength;

    // On both curves the order is as long as a coordinate.
    private int CoordinateLength => _order.Length;

    /// <summary>A number from 1 to the order less 1, all equally likely (FIPS 186-5 A.2.2: draw until one fits).</summary>
    public override SecretBytes MakePrivate(IRandomSource random)
    {
        var secret = new SecretBytes(_order.Length);
        do
        {
            random.Fill(secret.Span);
        }
        while (secret.Span.SequenceCompareTo(_order) >= 0 || secret.Span.IndexOfAnyExcept((byte)0) < 0);

        return secret;
    }

    public override byte[] PublicOf(SecretBytes privateValue)
    {
        using var mine = Import(privateValue);
        var point = mine.ExportParameters(includePrivateParameters: false).Q;
        return [.. point.X!, .. point.Y!];
    }

    /// <returns>False when the value is not a point of the curve (RFC 6989 §2.3).</returns>
    public override bool TryAgree(SecretBytes privateValue, ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = null;
        try
        {
            using var peer = ECDiffieHellman.Create(new ECParameters
            {
                Curve = _curve,
                Q = new ECPoint { X = peerPublic[..CoordinateLength].ToArray(), Y = peerPublic[CoordinateLength..].ToArray() },
            });
            using var peerKey = peer.PublicKey;
            using var mine = Import(privateValue);
            var x = mine.DeriveRawSecretAgreement(peerKey);
            shared = new SecretBytes(x);
            CryptographicOperations.ZeroMemory(x);
            return true;
        }
        catch (CryptographicException)
        {
            // The import checks the curve's equation.
            return false;
        }
    }

    private ECDiffieHellman Import(SecretBytes privateValue)
    {
        var d = privateValue.Span.ToArray();
        try
        {
            return ECDiffieHellman.Create(new ECParameters { Curve = _curve, D = d });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }
}
