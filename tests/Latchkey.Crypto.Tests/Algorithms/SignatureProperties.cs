using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>What every kind of key must do with RFC 7427 signatures.</summary>
public class SignatureProperties
{
    public static TheoryData<SigningKey> Keys => [.. TestKeys.All];

    public static TheoryData<SigningKey, ushort> KeysAndHashes
    {
        get
        {
            var data = new TheoryData<SigningKey, ushort>();
            foreach (var key in TestKeys.All)
            {
                foreach (var hash in key.HashAlgorithms)
                {
                    data.Add(key, hash);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(KeysAndHashes))]
    public void A_signature_verifies_over_its_data_only(SigningKey key, ushort hash) =>
        Gen.Byte.Array[1, 400].Sample(data =>
        {
            Assert.True(key.TrySign([hash], data, out var identifier, out var signature));
            Assert.True(key.Public.Verify(identifier, data, signature));
            data[data.Length / 2] ^= 1;
            Assert.False(key.Public.Verify(identifier, data, signature));
        }, iter: 10);

    [Theory, MemberData(nameof(KeysAndHashes))]
    public void Any_flipped_bit_of_identifier_or_signature_is_refused(SigningKey key, ushort hash)
    {
        var data = "data"u8.ToArray();
        Assert.True(key.TrySign([hash], data, out var identifier, out var signature));
        foreach (var part in new[] { identifier, signature })
        {
            // Every bit of what is short, and of what is long as many as make a quick test.
            for (var bit = 0; bit < 8 * part.Length; bit += 1 + (part.Length / 64))
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(key.Public.Verify(identifier, data, signature));
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.True(key.Public.Verify(identifier, data, signature));
    }

    [Theory, MemberData(nameof(KeysAndHashes))]
    public void An_identifier_cut_or_lengthened_is_refused(SigningKey key, ushort hash)
    {
        Assert.True(key.TrySign([hash], "data"u8, out var identifier, out var signature));
        for (var length = 0; length < identifier.Length; length++)
        {
            Assert.False(key.Public.Verify(identifier.AsSpan(0, length), "data"u8, signature));
        }

        Assert.False(key.Public.Verify([.. identifier, 0], "data"u8, signature));
    }

    [Theory, MemberData(nameof(KeysAndHashes))]
    public void Another_algorithms_identifier_is_refused(SigningKey key, ushort hash)
    {
        Assert.True(key.TrySign([hash], "data"u8, out var own, out var signature));
        var all = SignatureAlgorithm.Ed25519.Concat(SignatureAlgorithm.Ecdsa).Concat(SignatureAlgorithm.RsaPss);
        foreach (var other in all.Select(a => a.Identifier).Where(i => !i.SequenceEqual(own)))
        {
            Assert.False(key.Public.Verify(other, "data"u8, signature));
        }
    }

    [Theory, MemberData(nameof(KeysAndHashes))]
    public void Hostile_signatures_are_answered_without_an_exception(SigningKey key, ushort hash)
    {
        Assert.True(key.TrySign([hash], "data"u8, out var identifier, out var good));
        Gen.Byte.Array[0, good.Length + 8].Sample(
            signature => Assert.False(key.Public.Verify(identifier, "data"u8, signature)), iter: 50);
        for (var length = 0; length < good.Length; length++)
        {
            Assert.False(key.Public.Verify(identifier, "data"u8, good.AsSpan(0, length)));
        }

        Assert.False(key.Public.Verify(identifier, "data"u8, [.. good, 0]));
    }

    [Theory, MemberData(nameof(Keys))]
    public void The_best_hash_known_to_both_is_taken(SigningKey key)
    {
        foreach (var hash in key.HashAlgorithms)
        {
            Assert.True(key.TrySign([1, hash, 99], [], out var alone, out _));
            Assert.True(key.TrySign([hash, .. key.HashAlgorithms], [], out var among, out _));
            Assert.Equal(hash == key.HashAlgorithms[0], among.SequenceEqual(alone));
            Assert.Contains(hash, Algorithms.SignatureHashes);
        }
    }

    [Theory, MemberData(nameof(Keys))]
    public void Without_a_common_hash_there_is_no_signature(SigningKey key)
    {
        // SHA-1 (1) is never used (RFC 8247 section 3.2).
        var others = new ushort[] { 0, 1, 2, 3, 4, 5, 6 }.Except(key.HashAlgorithms).ToArray();
        Assert.False(key.TrySign(others, "data"u8, out var identifier, out var signature));
        Assert.Null(identifier);
        Assert.Null(signature);
    }

    [Fact]
    public void RSA_PSS_is_verified_with_and_without_the_trailer_written_out()
    {
        foreach (var algorithm in SignatureAlgorithm.RsaPss)
        {
            Assert.True(TestKeys.Rsa.TrySign([algorithm.HashId], "data"u8, out var identifier, out var signature));
            // Longer by the five octets of [3] INTEGER 1, in both of the lengths that enclose it.
            byte[] withTrailer = [.. identifier, 0xa3, 3, 2, 1, 1];
            withTrailer[1] += 5;
            withTrailer[14] += 5;
            Assert.True(TestKeys.Rsa.Public.Verify(withTrailer, "data"u8, signature));
            withTrailer[^1] = 2;
            Assert.False(TestKeys.Rsa.Public.Verify(withTrailer, "data"u8, signature));
        }
    }
}
