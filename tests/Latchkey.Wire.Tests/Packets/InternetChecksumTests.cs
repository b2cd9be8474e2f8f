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
