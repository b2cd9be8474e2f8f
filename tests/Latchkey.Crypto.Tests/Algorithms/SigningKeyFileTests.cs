using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Private keys as PKCS #8 PEM text.</summary>
public class SigningKeyFileTests
{
    public static TheoryData<SigningKey> Keys => [.. TestKeys.All];

    [Theory, MemberData(nameof(Keys))]
    public void A_key_written_and_read_is_the_same_key(SigningKey key)
    {
        using var read = TestKeys.Read(TestKeys.Pem(key));
        Assert.Equal(key.Public, read.Public);
        Assert.True(read.TrySign(read.HashAlgorithms, "data"u8, out var identifier, out var signature));
        Assert.True(key.Public.Verify(identifier, "data"u8, signature));
    }

    [Fact]
    public void The_same_random_octets_make_the_same_key()
    {
        using var once = SigningKey.Generate(new SeededRandom(5));
        using var again = SigningKey.Generate(new SeededRandom(5));
        using var other = SigningKey.Generate(new SeededRandom(6));
        Assert.Equal(TestKeys.Pem(once), TestKeys.Pem(again));
        Assert.NotEqual(once.Public, other.Public);
    }

    // RFC 8410: the private key of section 10.3 without and with attributes, and its public key from section 10.1.
    [Fact]
    public void The_published_files_are_read()
    {
        const string Short = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        const string Long =
            "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" +
            "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n" +
            "Z9w7lshQhqowtrbLDFw4rXAxZuE=";
        foreach (var base64 in new[] { Short, Long })
        {
            using var key = TestKeys.Read(Pem(base64));
            Assert.Equal(Pem(Short), TestKeys.Pem(key));
            Assert.Equal("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=", Convert.ToBase64String(key.Public.SubjectPublicKeyInfo));
        }

        static string Pem(string base64) => $"-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n";
    }

    [Theory]
    [InlineData("", "no PEM block found")]
    [InlineData("ssh-ed25519 AAAA", "no PEM block found")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "the private key is encrypted")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "an OpenSSH private key")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "found \"RSA PRIVATE KEY\"; PKCS #8 is needed")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "found \"CERTIFICATE\", which holds no private key")]
    [InlineData("-----BEGIN SOMETHING-----\nAAAA\n-----END SOMETHING-----", "found \"SOMETHING\"; expected \"PRIVATE KEY\"")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "the PEM block does not hold a PKCS #8 private key")]
    public void What_cannot_be_read_is_explained(string pem, string expected)
    {
        Assert.False(SigningKey.TryReadPem(Encoding.UTF8.GetBytes(pem), out var key, out var error));
        Assert.Null(key);
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_other_kinds_and_sizes_are_refused()
    {
        AssertRefused(RSA.Create(1024), "the RSA modulus has 1024 bits; accepted are odd ones of 2048 to 8192 bits");
        AssertRefused(ECDsa.Create(ECCurve.NamedCurves.nistP521), "the elliptic curve of the private key is neither P-256 nor P-384, which are supported");
        AssertRefused(DSA.Create(1024), "private key algorithm 1.2.840.10040.4.1 is not supported; supported are Ed25519, ECDSA (P-256, P-384) and RSA");
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_damaged_file_is_answered_without_an_exception(SigningKey key)
    {
        var der = Convert.FromBase64String(string.Concat(TestKeys.Pem(key).Split('\n')[1..^2]));
        Gen.Select(Gen.Int[0, der.Length - 1], Gen.Byte).Sample((place, octet) =>
        {
            var damaged = der.ToArray();
            damaged[place] = octet;
            if (SigningKey.TryReadPem(PemEncoding.WriteUtf8("PRIVATE KEY"u8, damaged), out var read, out var error))
            {
                read.Dispose();
            }
            else
            {
                Assert.NotEmpty(error);
            }
        }, iter: 100);
    }

    [Fact]
    public void A_disposed_key_signs_nothing()
    {
        var key = SigningKey.Generate(new SeededRandom(1));
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.TrySign([5], [], out _, out _));
    }

    private static void AssertRefused(AsymmetricAlgorithm key, string expected)
    {
        Assert.False(SigningKey.TryReadPem(Encoding.UTF8.GetBytes(TestKeys.Pem(key)), out _, out var error));
        Assert.Equal(expected, error);
    }
}
