using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>What every PRF of the registry must do.</summary>
public class PrfProperties
{
    public static TheoryData<PrfAlgorithm> All => [.. Algorithms.Prfs];

    [Theory, MemberData(nameof(All))]
    public void Another_output_length_is_refused(PrfAlgorithm prf)
    {
        for (var length = 0; length <= 2 * prf.OutputLength; length++)
        {
            if (length != prf.OutputLength)
            {
                Assert.Throws<ArgumentException>("output", () => prf.Compute([1], [2], new byte[length]));
            }
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Key_and_data_both_matter(PrfAlgorithm prf) =>
        Gen.Select(Gen.Byte.Array[1, 200], Gen.Byte.Array[1, 200]).Sample((key, data) =>
        {
            var output = Compute(key, data);
            Assert.Equal(output, Compute(key, data));
            key[^1] ^= 1;
            Assert.NotEqual(output, Compute(key, data));
            key[^1] ^= 1;
            data[0] ^= 0x80;
            Assert.NotEqual(output, Compute(key, data));

            byte[] Compute(byte[] k, byte[] d)
            {
                var o = new byte[prf.OutputLength];
                prf.Compute(k, d, o);
                return o;
            }
        });
}
