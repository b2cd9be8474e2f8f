using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>What every AEAD of the registry must do, whichever backend computes it.</summary>
public class AeadProperties
{
    public static TheoryData<BackedAead> All => Backends.AllAeads;

    [Theory, MemberData(nameof(All))]
    public void Decrypting_what_was_encrypted_gives_the_text_back(BackedAead aead) =>
        Packet(aead, longestText: 2000).Sample(p =>
        {
            using var sender = aead.CreateKey(p.KeyMaterial);
            using var receiver = aead.CreateKey(p.KeyMaterial);
            var (sealedText, icv) = Seal(aead, sender, p);
            Assert.True(receiver.TryDecrypt(p.Iv, p.AssociatedData, sealedText, icv));
            Assert.Equal(p.Text, sealedText);
        }, iter: 300);

    [Theory, MemberData(nameof(All))]
    public void Any_flipped_bit_is_noticed(BackedAead aead) =>
        Packet(aead, longestText: 12).Sample(p =>
        {
            using var key = aead.CreateKey(p.KeyMaterial);
            var (sealedText, icv) = Seal(aead, key, p);
            foreach (var part in new[] { p.Iv, p.AssociatedData, sealedText, icv })
            {
                for (var bit = 0; bit < 8 * part.Length; bit++)
                {
                    part[bit / 8] ^= (byte)(1 << (bit % 8));
                    Assert.False(key.TryDecrypt(p.Iv, p.AssociatedData, sealedText.ToArray(), icv));
                    part[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }

            Assert.True(key.TryDecrypt(p.Iv, p.AssociatedData, sealedText, icv));
        }, iter: 2, threads: 1);

    [Theory, MemberData(nameof(All))]
    public void Every_bit_of_key_and_salt_matters(BackedAead aead) =>
        Packet(aead, longestText: 12).Sample(p =>
        {
            using var key = aead.CreateKey(p.KeyMaterial);
            var (sealedText, icv) = Seal(aead, key, p);
            for (var bit = 0; bit < 8 * p.KeyMaterial.Length; bit++)
            {
                p.KeyMaterial[bit / 8] ^= (byte)(1 << (bit % 8));
                using var other = aead.CreateKey(p.KeyMaterial);
                Assert.False(other.TryDecrypt(p.Iv, p.AssociatedData, sealedText.ToArray(), icv));
                p.KeyMaterial[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }, iter: 2, threads: 1);

    [Theory, MemberData(nameof(All))]
    public void Keying_material_of_another_length_is_refused(BackedAead aead)
    {
        for (var length = 0; length <= 2 * aead.KeyMaterialLength; length++)
        {
            if (length != aead.KeyMaterialLength)
            {
                Assert.Throws<ArgumentException>("keyMaterial", () => aead.CreateKey(new byte[length]));
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void An_IV_of_another_length_is_refused(BackedAead aead)
    {
        using var key = aead.CreateKey(new byte[aead.KeyMaterialLength]);
        for (var length = 0; length <= 2 * aead.IvLength; length++)
        {
            if (length != aead.IvLength)
            {
                Assert.Throws<ArgumentException>("iv", () => key.Encrypt(new byte[length], [], [], new byte[aead.IcvLength]));
                Assert.Throws<ArgumentException>("iv", () => key.TryDecrypt(new byte[length], [], [], new byte[aead.IcvLength]));
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void An_ICV_of_another_length_is_refused(BackedAead aead)
    {
        using var key = aead.CreateKey(new byte[aead.KeyMaterialLength]);
        for (var length = 0; length <= 2 * aead.IcvLength; length++)
        {
            if (length != aead.IcvLength)
            {
                Assert.ThrowsAny<ArgumentException>(() => key.Encrypt(new byte[aead.IvLength], [], [], new byte[length]));
                Assert.ThrowsAny<ArgumentException>(() => key.TryDecrypt(new byte[aead.IvLength], [], [], new byte[length]));
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void A_disposed_key_is_of_no_use(BackedAead aead)
    {
        var key = aead.CreateKey(new byte[aead.KeyMaterialLength]);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Encrypt(new byte[aead.IvLength], [], [], new byte[aead.IcvLength]));
    }

    [Theory, MemberData(nameof(All))]
    public void No_packet_allocates(BackedAead aead)
    {
        using var key = aead.CreateKey(new byte[aead.KeyMaterialLength]);
        Assert.Equal(0, Allocated.ForAPacket(key, aead.IvLength, aead.IcvLength));
    }

    private static (byte[] Text, byte[] Icv) Seal(BackedAead aead, AeadKey key, PacketParts p)
    {
        var (text, icv) = (p.Text.ToArray(), new byte[aead.IcvLength]);
        key.Encrypt(p.Iv, p.AssociatedData, text, icv);
        return (text, icv);
    }

    private static Gen<PacketParts> Packet(BackedAead aead, int longestText) =>
        Gen.Select(
            Gen.Byte.Array[aead.KeyMaterialLength], Gen.Byte.Array[aead.IvLength], Gen.Byte.Array[0, 40], Gen.Byte.Array[0, longestText],
            (keyMaterial, iv, associatedData, text) => new PacketParts(keyMaterial, iv, associatedData, text));

    private sealed record PacketParts(byte[] KeyMaterial, byte[] Iv, byte[] AssociatedData, byte[] Text);
}
