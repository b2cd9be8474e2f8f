using System.Formats.Asn1;
using System.Security.Cryptography;
using Latchkey.Vectors;
using Xunit;
using BigInteger = System.Numerics.BigInteger;

namespace Latchkey.Crypto.Tests;

public class SignatureVectors
{
    public static TheoryData<Vector> Rfc8032 => VectorFile.Read("rfc8032-ed25519.txt");

    public static TheoryData<Vector> Rfc7427 => VectorFile.Read("rfc7427-algorithm-identifiers.txt");

    public static TheoryData<Vector> Ecdsa => VectorFile.Read("nist-cavs-ecdsa.txt");

    public static TheoryData<Vector> Rsa => [.. VectorFile.Read("nist-cavs-rsa.txt").Concat(VectorFile.Read("wycheproof-rsa-pss.txt")).Select(row => row.Data)];

    [Theory, MemberData(nameof(Rfc8032))]
    public void Ed25519_agrees(Vector v)
    {
        using var key = SigningKey.Generate(new ScriptedRandom(v.Octets("Seed")));
        Assert.Equal(v.Octets("Public"), key.Public.SubjectPublicKeyInfo[^32..]);
        Assert.True(key.TrySign([2, 5], v.Octets("Message"), out var identifier, out var signature));
        Assert.Equal(v.Octets("Signature"), signature);
        Assert.True(key.Public.Verify(identifier, v.Octets("Message"), signature));
    }

    [Theory, MemberData(nameof(Ecdsa))]
    public void Ecdsa_accepts_what_was_signed_and_nothing_that_was_changed(Vector v)
    {
        var curve = v.Text("Curve") == "P-256" ? EcdsaCurve.P256 : EcdsaCurve.P384;
        var written = new EcdsaPeerKey(curve, new ECPoint { X = v.Octets("X"), Y = v.Octets("Y") });
        var accepted = PeerKey.TryRead(written.SubjectPublicKeyInfo, out var key, out _)
            && key.Verify(In(SignatureAlgorithm.Ecdsa, v).Identifier, v.Octets("Message"), EcdsaSignature(v.Octets("R"), v.Octets("S")));
        Assert.Equal(IsValid(v), accepted);
    }

    /// <summary>A PSS salt that is shorter than the hash is none that RFC 7427 has a name for.</summary>
    [Theory, MemberData(nameof(Rsa))]
    public void Rsa_accepts_what_was_signed_and_nothing_that_was_changed(Vector v)
    {
        Assert.True(RsaPeerKey.TryCreate(Number(v.Octets("Modulus")), Number(v.Octets("Exponent")), out var key, out _));
        var algorithm = In(v.Text("Padding") == "PSS" ? SignatureAlgorithm.RsaPss : SignatureAlgorithm.RsaPkcs1, v);
        Assert.Equal(IsValid(v), key.Verify(algorithm.Identifier, v.Octets("Message"), v.Octets("Signature")));
    }

    [Theory, MemberData(nameof(Rfc7427))]
    public void Of_the_published_identifiers_those_with_SHA2_are_known(Vector v)
    {
        var known = SignatureAlgorithm.Ed25519.Concat(SignatureAlgorithm.Ecdsa).Concat(SignatureAlgorithm.RsaPss).Concat(SignatureAlgorithm.RsaPkcs1)
            .SingleOrDefault(a => a.IsNamedBy(v.Octets("Identifier")));
        ushort? expected = v.Text("Name") switch
        {
            "ecdsa-with-sha256" or "RSASSA-PSS with sha-256" or "sha256WithRSAEncryption" => 2,
            "ecdsa-with-sha384" or "sha384WithRSAEncryption" => 3,
            "ecdsa-with-sha512" or "sha512WithRSAEncryption" => 4,
            _ => null,
        };
        Assert.Equal(expected, known?.HashId);
    }

    private static bool IsValid(Vector v) => v.Text("Result") == "valid";

    private static SignatureAlgorithm In(IReadOnlyList<SignatureAlgorithm> ways, Vector v) => ways.Single(way => $"SHA-{way.Hash.Name![3..]}" == v.Text("Hash"));

    private static BigInteger Number(byte[] octets) => new(octets, isUnsigned: true, isBigEndian: true);

    private static byte[] EcdsaSignature(byte[] r, byte[] s)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(Number(r));
            writer.WriteInteger(Number(s));
        }

        return writer.Encode();
    }
}
