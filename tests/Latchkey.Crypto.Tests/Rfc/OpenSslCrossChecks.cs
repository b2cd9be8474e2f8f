using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Keys and signatures cross over to the <c>openssl</c> command and back.</summary>
public sealed class OpenSslCrossChecks : IDisposable
{
    private static readonly byte[] Data = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    private readonly OpenSsl _openSsl = new();

    /// <summary>Options of genpkey; hash id; how openssl signs and verifies in that way.</summary>
    public static TheoryData<string, ushort, string> Ways => new()
    {
        { "-algorithm ed25519", 5, "pkeyutl" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", 2, "-sha256" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", 3, "-sha384" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", 4, "-sha512" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 2, "-sha256" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 3, "-sha384" },
        { "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 4, "-sha512" },
        { "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", 2, Pss("-sha256", 32) },
        { "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", 3, Pss("-sha384", 48) },
        { "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", 4, Pss("-sha512", 64) },
    };

    [Theory, MemberData(nameof(Ways))]
    public void Openssl_verifies_what_we_sign(string algorithm, ushort hash, string way)
    {
        using var key = Generate(algorithm);
        Assert.True(key.TrySign([hash], Data, out _, out var signature));
        _openSsl.Write("sig", signature);
        Assert.True(Verifies(way));

        signature[^1] ^= 1;
        _openSsl.Write("sig", signature);
        Assert.False(Verifies(way));
    }

    [Theory, MemberData(nameof(Ways))]
    public void We_verify_what_openssl_signs(string algorithm, ushort hash, string way)
    {
        using var key = Generate(algorithm);
        Assert.True(key.TrySign([hash], Data, out var identifier, out _));
        Assert.True(_openSsl.Run(way == "pkeyutl" ? "pkeyutl -sign -inkey key.pem -rawin -in data -out sig" : $"dgst {way} -sign key.pem -out sig data"));
        Assert.True(key.Public.Verify(identifier, Data, _openSsl.Read("sig")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(64)]
    public void A_PSS_salt_of_another_length_than_the_hash_is_refused(int saltLength)
    {
        using var key = Generate("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
        Assert.True(key.TrySign([2], Data, out var identifier, out _));
        Assert.True(_openSsl.Run($"dgst {Pss("-sha256", saltLength)} -sign key.pem -out sig data"));
        Assert.False(key.Public.Verify(identifier, Data, _openSsl.Read("sig")));
    }

    [Theory]
    [InlineData(2, "-sha256")]
    [InlineData(3, "-sha384")]
    [InlineData(4, "-sha512")]
    public void We_verify_what_openssl_signs_with_RSA_in_the_old_way(ushort hash, string way)
    {
        using var key = Generate("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
        Assert.True(_openSsl.Run($"dgst {way} -sign key.pem -out sig data"));
        var signature = _openSsl.Read("sig");
        foreach (var algorithm in SignatureAlgorithm.RsaPkcs1)
        {
            Assert.Equal(algorithm.HashId == hash, key.Public.Verify(algorithm.Identifier, Data, signature));
        }

        Assert.All(SignatureAlgorithm.RsaPss, pss => Assert.False(key.Public.Verify(pss.Identifier, Data, signature)));
    }

    [Theory]
    [InlineData("-algorithm ed25519")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-256")]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-384")]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:3072")]
    public void Openssl_reads_the_keys_we_write(string algorithm)
    {
        using var key = Generate(algorithm);
        using var pem = key.ToPem();
        _openSsl.Write("key.pem", pem.Span);
        Assert.True(_openSsl.Run("pkey -in key.pem -pubout -outform DER -out again.der"));
        Assert.Equal(key.Public.SubjectPublicKeyInfo, _openSsl.Read("again.der"));
    }

    public void Dispose() => _openSsl.Dispose();

    private static string Pss(string hash, int saltLength) =>
        $"{hash} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{saltLength}";

    private SigningKey Generate(string algorithm)
    {
        Assert.True(_openSsl.Run($"genpkey {algorithm} -out key.pem"));
        Assert.True(_openSsl.Run("pkey -in key.pem -pubout -out pub.pem"));
        _openSsl.Write("data", Data);
        return TestKeys.Read(_openSsl.ReadText("key.pem"));
    }

    private bool Verifies(string way) => _openSsl.Run(
        way == "pkeyutl" ? "pkeyutl -verify -pubin -inkey pub.pem -rawin -in data -sigfile sig" : $"dgst {way} -verify pub.pem -signature sig data");
}
