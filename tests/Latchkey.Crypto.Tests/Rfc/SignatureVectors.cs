using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class SignatureVectors
{
    public static TheoryData<Vector> Rfc8032 => VectorFile.Read("rfc8032-ed25519.txt");

    public static TheoryData<Vector> Rfc7427 => VectorFile.Read("rfc7427-algorithm-identifiers.txt");

    [Theory, MemberData(nameof(Rfc8032))]
    public void Ed25519_agrees(Vector v)
    {
        using var key = SigningKey.Generate(new ScriptedRandom(v.Octets("Seed")));
        Assert.Equal(v.Octets("Public"), key.Public.SubjectPublicKeyInfo[^32..]);
        Assert.True(key.TrySign([2, 5], v.Octets("Message"), out var identifier, out var signature));
        Assert.Equal(v.Octets("Signature"), signature);
        Assert.True(key.Public.Verify(identifier, v.Octets("Message"), signature));
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
}
