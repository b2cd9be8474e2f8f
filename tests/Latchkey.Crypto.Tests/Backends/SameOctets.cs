using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Both backends turn the same packet into the same octets, wherever it lies in memory.</summary>
public class SameOctets
{
    // ESP authenticates SPI and sequence number, 8 octets, or 12 with extended sequence numbers; IKE its whole header, and more.
    private static readonly int[] HeaderLengths = [8, 12, 0, 32, 61];

    public static TheoryData<AeadAlgorithm> All => [.. Algorithms.Aeads];

    [Theory, MemberData(nameof(All))]
    public void At_every_size_of_a_packet(AeadAlgorithm aead)
    {
        var random = new Random(1);
        for (var size = 0; size <= 2100; size++)
        {
            Agree(aead, random, size, HeaderLengths[size % 2], offset: size % 67);
            Agree(aead, random, size, HeaderLengths[(size + 1) % 2], offset: size % 13);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void At_every_alignment(AeadAlgorithm aead)
    {
        var random = new Random(2);
        foreach (var headerLength in HeaderLengths)
        {
            for (var offset = 0; offset < 128; offset++)
            {
                Agree(aead, random, 1408 + (offset % 17), headerLength, offset);
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Up_to_the_longest_packet(AeadAlgorithm aead) =>
        Gen.Select(Gen.Int[2000, 65_536], Gen.Int[0, 128], Gen.Int[0, 65_536], Gen.OneOf([.. HeaderLengths.Select(Gen.Const)])).Sample(
            (size, offset, seed, headerLength) => Agree(aead, new Random(seed), size, headerLength, offset), iter: 200);

    private static void Agree(AeadAlgorithm aead, Random random, int size, int headerLength, int offset)
    {
        byte[] keyMaterial = new byte[aead.KeyMaterialLength], iv = new byte[aead.IvLength], header = new byte[headerLength], text = new byte[size];
        random.NextBytes(keyMaterial);
        random.NextBytes(iv);
        random.NextBytes(header);
        random.NextBytes(text);
        using var fast = Backends.IpsecMb.CreateKey(aead, keyMaterial);
        using var plain = Backends.Bcl.CreateKey(aead, keyMaterial);

        // The packet and its ICV lie between octets that are nobody's, at an odd place.
        var expected = new byte[offset + size + aead.IcvLength + 64];
        Array.Fill(expected, (byte)0xa5);
        text.CopyTo(expected, offset);
        var actual = expected.ToArray();
        plain.Encrypt(iv, header, expected.AsSpan(offset, size), expected.AsSpan(offset + size, aead.IcvLength));
        fast.Encrypt(iv, header, actual.AsSpan(offset, size), actual.AsSpan(offset + size, aead.IcvLength));
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"{aead}: {size} octets at {offset} with a header of {headerLength} are encrypted otherwise");

        // The same from one place to another, of which the first stays as it is.
        var elsewhere = new byte[expected.Length];
        Array.Fill(elsewhere, (byte)0xa5);
        var from = text.ToArray();
        fast.Encrypt(iv, header, from, elsewhere.AsSpan(offset, size), elsewhere.AsSpan(offset + size, aead.IcvLength));
        Assert.True(expected.AsSpan().SequenceEqual(elsewhere) && from.AsSpan().SequenceEqual(text), $"{aead}: {size} octets at {offset} are encrypted otherwise from elsewhere");

        Assert.True(fast.TryDecrypt(iv, header, actual.AsSpan(offset, size), actual.AsSpan(offset + size, aead.IcvLength)));
        Assert.True(actual.AsSpan(offset, size).SequenceEqual(text));
        Assert.True(actual.AsSpan(0, offset).IndexOfAnyExcept((byte)0xa5) < 0 && actual.AsSpan(offset + size + aead.IcvLength).IndexOfAnyExcept((byte)0xa5) < 0);
    }
}
