using CsCheck;
using Xunit;

namespace Latchkey.Wire.Tests;

public class InternetChecksumTests
{
    private static readonly Gen<byte[]> Octets = Gen.OneOf(Gen.Byte.Array[0, 200], Gen.Byte.Array[1000, 1500], Gen.Const((byte)0xFF).Array[0, 70_000]);

    [Fact]
    public void A_sum_is_that_of_the_words_one_after_the_other()
    {
        Gen.Select(Octets, Gen.ULong[0, uint.MaxValue]).Sample((octets, before) =>
        {
            var expected = Slow(before, octets);
            Assert.Equal(expected, InternetChecksum.Finish(InternetChecksum.Add(before, octets)));
        });
    }

    [Fact]
    public void Pieces_of_even_length_add_up()
    {
        Gen.Select(Octets, Octets).Sample((a, b) =>
        {
            var even = a[..(a.Length & ~1)];
            Assert.Equal(InternetChecksum.Of([.. even, .. b]), InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.Add(0, even), b)));
        });
    }

    [Fact]
    public void Whatever_carries_there_are_a_sum_is_folded_to_its_end()
    {
        ulong[] words = [0, 1, 2, 0x7FFF, 0xFFFE, 0xFFFF];
        var sums = from a in words from b in words from c in words from d in words select a << 48 | b << 32 | c << 16 | d;
        Assert.All(sums, sum => Assert.Equal(Slow(sum, []), InternetChecksum.Finish(sum)));
    }

    private static ushort Slow(ulong before, byte[] octets)
    {
        var sum = before;
        for (var i = 0; i < octets.Length; i++)
        {
            sum += (ulong)octets[i] << (i % 2 == 0 ? 8 : 0);
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
