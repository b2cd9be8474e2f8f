using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Reading a SubjectPublicKeyInfo that may come from anybody.</summary>
public class PeerKeyTests
{
    public static TheoryData<SigningKey> Keys => [.. TestKeys.All];

    [Theory, MemberData(nameof(Keys))]
    public void A_key_read_back_is_the_same_key(SigningKey key)
    {
        Assert.True(PeerKey.TryRead(key.Public.SubjectPublicKeyInfo, out var read, out _));
        Assert.Equal(key.Public, read);
        Assert.Equal(key.Public.Algorithm, read.Algorithm);
        Assert.Equal(SHA256.HashData(key.Public.SubjectPublicKeyInfo), read.Fingerprint.ToBytes());
    }

    [Theory, MemberData(nameof(Keys))]
    public void Every_key_has_one_encoding(SigningKey key)
    {
        var spki = key.Public.SubjectPublicKeyInfo.ToArray();
        for (var bit = 0; bit < 8 * spki.Length; bit++)
        {
            spki[bit / 8] ^= (byte)(1 << (bit % 8));
            if (PeerKey.TryRead(spki, out var other, out var error))
            {
                Assert.Equal(spki, other.SubjectPublicKeyInfo);
                Assert.NotEqual(key.Public, other);
            }
            else
            {
                Assert.NotEmpty(error);
            }

            spki[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_key_cut_or_lengthened_is_refused(SigningKey key)
    {
        var spki = key.Public.SubjectPublicKeyInfo;
        for (var length = 0; length < spki.Length; length++)
        {
            Assert.False(PeerKey.TryRead(spki[..length], out _, out _));
        }

        Assert.False(PeerKey.TryRead([.. spki, 0], out _, out var error));
        Assert.Equal("the SubjectPublicKeyInfo is not in the one encoding that its key has", error);
    }

    [Fact]
    public void Any_octets_are_answered_without_an_exception() =>
        Gen.Byte.Array[0, 1200].Sample(octets =>
        {
            Assert.False(PeerKey.TryRead(octets, out var key, out var error));
            Assert.Null(key);
            Assert.NotEmpty(error);
        });

    [Theory]
    [InlineData("nistP521", "the elliptic curve is neither P-256 nor P-384, which are supported")]
    public void Other_curves_are_refused_by_name(string curve, string expected) =>
        AssertRefused(TestKeys.Spki(ECDsa.Create(ECCurve.CreateFromFriendlyName(curve))), expected);

    [Fact]
    public void A_compressed_point_is_refused()
    {
        var spki = TestKeys.EcdsaP256.Public.SubjectPublicKeyInfo;
        AssertRefused(
            Encode("1.2.840.10045.2.1", w => w.WriteObjectIdentifier("1.2.840.10045.3.1.7"), [2, .. spki[^64..^32]]),
            "the public point is not in uncompressed form (04, x, y)");
    }

    [Fact]
    public void A_point_off_the_curve_is_refused()
    {
        var spki = TestKeys.EcdsaP256.Public.SubjectPublicKeyInfo.ToArray();
        spki[^1] ^= 1;
        AssertRefused(spki, "the public point is not on the curve P-256");
    }

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    public void An_Ed25519_point_of_small_order_is_refused(string point) =>
        AssertRefused(
            Encode("1.3.101.112", _ => { }, Convert.FromHexString(point)),
            "the Ed25519 public key is not a point of the curve's prime-order group");

    [Fact]
    public void Ed25519_with_parameters_is_refused() =>
        AssertRefused(
            Encode("1.3.101.112", w => w.WriteNull(), TestKeys.Ed25519.Public.SubjectPublicKeyInfo[^32..].ToArray()),
            "the AlgorithmIdentifier of an Ed25519 key must have no parameters");

    [Fact]
    public void An_unknown_algorithm_is_named() =>
        AssertRefused(
            Encode("1.3.101.110", _ => { }, new byte[32]),
            "public key algorithm 1.3.101.110 is not supported; supported are Ed25519, ECDSA (P-256, P-384) and RSA");

    [Theory]
    [InlineData(1024, false)]
    [InlineData(2047, false)]
    [InlineData(2048, true)]
    [InlineData(3072, true)]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public void An_RSA_key_has_2048_to_8192_bits(int bits, bool accepted)
    {
        // Nobody can tell by looking whether a modulus is a product of two primes, so any odd number serves.
        var spki = EncodeRsa(BigInteger.One + (BigInteger.One << (bits - 1)), 65537);
        Assert.Equal(accepted, PeerKey.TryRead(spki, out var key, out var error));
        Assert.Equal(accepted ? $"RSA-{bits}" : null, key?.Algorithm);
        Assert.Equal(accepted ? null : $"the RSA modulus has {bits} bits; accepted are odd ones of 2048 to 8192 bits", error);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(65536, false)]
    [InlineData(65537, true)]
    [InlineData(-3, false)]
    public void An_RSA_exponent_is_odd_and_at_least_3(int exponent, bool accepted) =>
        Assert.Equal(accepted, PeerKey.TryRead(EncodeRsa(BigInteger.One + (BigInteger.One << 2047), exponent), out _, out _));

    [Fact]
    public void A_long_RSA_exponent_and_an_even_or_negative_modulus_are_refused()
    {
        var modulus = BigInteger.One + (BigInteger.One << 2047);
        foreach (var (n, e) in new[] { (modulus, (BigInteger.One << 64) + 1), (modulus + 1, 65537), (-modulus, 65537) })
        {
            Assert.False(PeerKey.TryRead(EncodeRsa(n, e), out _, out _));
        }
    }

    [Fact]
    public void A_signature_under_a_modulus_that_is_no_RSA_modulus_is_refused_without_an_exception()
    {
        foreach (var bits in new[] { 2048, 4096 })
        {
            Assert.True(PeerKey.TryRead(EncodeRsa(BigInteger.One + (BigInteger.One << (bits - 1)), 3), out var key, out _));
            foreach (var algorithm in SignatureAlgorithm.RsaPss)
            {
                Assert.False(key.Verify(algorithm.Identifier, "data"u8, new byte[bits / 8]));
                Assert.False(key.Verify(algorithm.Identifier, "data"u8, [.. Enumerable.Repeat((byte)0xff, bits / 8)]));
            }
        }
    }

    [Fact]
    public void An_RSA_key_followed_by_more_is_refused()
    {
        var numbers = EncodeNumbers(BigInteger.One + (BigInteger.One << 2047), 3);
        AssertRefused(
            Encode("1.2.840.113549.1.1.1", w => w.WriteNull(), [.. numbers, 5, 0]),
            "the SubjectPublicKeyInfo is not in the one encoding that its key has");
        AssertRefused(
            Encode("1.2.840.113549.1.1.1", _ => { }, numbers),
            "the AlgorithmIdentifier of an RSA key must have NULL parameters");
    }

    private static void AssertRefused(byte[] spki, string expected)
    {
        Assert.False(PeerKey.TryRead(spki, out var key, out var error));
        Assert.Null(key);
        Assert.Equal(expected, error);
    }

    private static byte[] EncodeRsa(BigInteger modulus, BigInteger exponent) =>
        Encode("1.2.840.113549.1.1.1", w => w.WriteNull(), EncodeNumbers(modulus, exponent));

    private static byte[] EncodeNumbers(BigInteger modulus, BigInteger exponent)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(modulus);
            writer.WriteInteger(exponent);
        }

        return writer.Encode();
    }

    private static byte[] Encode(string oid, Action<AsnWriter> writeParameters, byte[] key)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                writeParameters(writer);
            }

            writer.WriteBitString(key);
        }

        return writer.Encode();
    }
}
