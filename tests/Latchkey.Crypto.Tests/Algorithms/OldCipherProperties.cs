using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Ciphers for old peers: first encrypted, then protected; verified before anything is decrypted.</summary>
public class OldCipherProperties
{
    public static TheoryData<AeadAlgorithm> All => [.. Algorithms.OldCiphers];

    [Fact]
    public void None_of_them_is_found_where_only_combined_modes_of_today_are_looked_for() =>
        Assert.All(Algorithms.OldCiphers, old => Assert.Null(Algorithms.FindAead(old.TransformId, old.KeyLengthAttribute)));

    [Fact]
    public void Each_is_found_by_its_numbers_and_named_once()
    {
        Assert.All(Algorithms.OldCiphers, old => Assert.Same(old, Algorithms.FindCipher(old.TransformId, old.KeyLengthAttribute, old.IntegrityId)));
        Assert.Equal(Algorithms.OldCiphers.Count, Algorithms.OldCiphers.Select(old => old.Keyword).Distinct().Count());
        Assert.Null(Algorithms.FindCipher(11, null, 12));
        Assert.Null(Algorithms.FindCipher(12, 256, null));
    }

    [Theory, MemberData(nameof(All))]
    public void What_is_sealed_is_opened_and_whatever_is_changed_is_not(AeadAlgorithm cipher)
    {
        var random = new Random(1);
        var material = new byte[cipher.KeyMaterialLength];
        random.NextBytes(material);
        using AeadKey here = cipher.CreateKey(material), there = cipher.CreateKey(material);
        foreach (var (length, aadLength) in new[] { (16, 8), (64, 12), (1408, 12), (48, 32) })
        {
            byte[] iv = new byte[cipher.IvLength], aad = new byte[aadLength], plain = new byte[length], icv = new byte[cipher.IcvLength];
            random.NextBytes(aad);
            random.NextBytes(plain);
            here.WriteIv(7, iv);
            byte[] text = [.. plain];
            here.Encrypt(iv, aad, text, icv);
            Assert.NotEqual(plain, text);

            Assert.All(new[] { iv, aad, text, icv }, part =>
            {
                for (var i = 0; i < part.Length; i += Math.Max(1, part.Length / 16))
                {
                    part[i] ^= 0x40;
                    Assert.False(there.TryDecrypt(iv, aad, [.. text], icv));
                    part[i] ^= 0x40;
                }
            });
            Assert.True(there.TryDecrypt(iv, aad, text, icv));
            Assert.Equal(plain, text);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Wrong_lengths_are_refused(AeadAlgorithm cipher)
    {
        using var key = cipher.CreateKey(new byte[cipher.KeyMaterialLength]);
        Assert.ThrowsAny<ArgumentException>(() => key.TryDecrypt(new byte[cipher.IvLength], new byte[8], new byte[16], new byte[cipher.IcvLength - 2]));
        Assert.ThrowsAny<ArgumentException>(() => key.TryDecrypt(new byte[cipher.IvLength + 1], new byte[8], new byte[16], new byte[cipher.IcvLength]));
        Assert.False(key.TryDecrypt(new byte[cipher.IvLength], new byte[8], new byte[15], new byte[cipher.IcvLength]));
    }

    /// <summary>In AES-CCM the library makes an object for each packet.</summary>
    [Theory, MemberData(nameof(All))]
    public void No_packet_allocates_but_with_AES_CCM(AeadAlgorithm cipher)
    {
        using var key = cipher.CreateKey(new byte[cipher.KeyMaterialLength]);
        Assert.Equal(cipher is AesCcmAead, Allocated.ForAPacket(key, cipher.IvLength, cipher.IcvLength) > 0);
    }

    /// <summary>What one packet was chained to is nothing to the next, whatever its length and whether its IV was ours.</summary>
    [Fact]
    public void Packets_under_one_key_do_not_depend_on_each_other()
    {
        var random = new Random(2);
        foreach (var cipher in Algorithms.OldCiphers)
        {
            var material = new byte[cipher.KeyMaterialLength];
            random.NextBytes(material);
            using AeadKey kept = cipher.CreateKey(material), peer = cipher.CreateKey(material);
            foreach (var length in new[] { 16, 4096, 0, 4112, 2032, 2048, 2064, 65_520, 32 })
            {
                byte[] iv = new byte[cipher.IvLength], plain = new byte[length], icv = new byte[cipher.IcvLength], sameIcv = new byte[cipher.IcvLength];
                random.NextBytes(iv);
                random.NextBytes(plain);
                byte[] text = [.. plain], same = [.. plain];
                kept.Encrypt(iv, [], text, icv);
                using (var fresh = cipher.CreateKey(material))
                {
                    fresh.Encrypt(iv, [], same, sameIcv);
                }

                Assert.Equal(same, text);
                Assert.Equal(sameIcv, icv);
                Assert.False(peer.TryDecrypt(iv, [], [.. text], new byte[cipher.IcvLength]));
                Assert.True(peer.TryDecrypt(iv, [], text, icv));
                Assert.Equal(plain, text);
            }
        }
    }

    [Fact]
    public void An_IV_of_AES_CBC_never_comes_twice_and_is_no_counter()
    {
        foreach (var cipher in Algorithms.OldCiphers.Where(c => c.TransformId == 12))
        {
            using var key = cipher.CreateKey([.. Enumerable.Range(0, cipher.KeyMaterialLength).Select(i => (byte)i)]);
            var seen = new HashSet<string>();
            for (ulong number = 1; number <= 1000; number++)
            {
                var iv = new byte[cipher.IvLength];
                key.WriteIv(number, iv);
                Assert.True(seen.Add(Convert.ToHexString(iv)));
                Assert.True(iv.AsSpan(0, 8).ContainsAnyExcept((byte)0));
            }
        }
    }
}
