using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class IkeKeyDerivationVectors
{
    public static TheoryData<Vector> Cavs => VectorFile.Read("nist-cavs-ikev2-kdf.txt");

    [Theory, MemberData(nameof(Cavs))]
    public void SkeySeed_of_the_first_exchange(Vector v)
    {
        using var seed = IkeKeyDerivation.SkeySeed(Prf(v), v.Octets("Ni"), v.Octets("Nr"), v.Octets("Shared"));
        Assert.Equal(v.Octets("SkeySeed"), seed.Span);
    }

    [Theory, MemberData(nameof(Cavs))]
    public void Keys_of_the_IKE_SA_in_their_order(Vector v)
    {
        foreach (var aead in Algorithms.Aeads)
        {
            using var keys = IkeKeyDerivation.IkeKeys(
                Prf(v), aead, v.Octets("SkeySeed"), v.Octets("Ni"), v.Octets("Nr"), v.Octets("SpiI"), v.Octets("SpiR"));
            AssertCutFrom(v.Octets("Dkm"), keys.SkD, keys.SkEi, keys.SkEr, keys.SkPi, keys.SkPr);
            Assert.Equal(aead.KeyMaterialLength, keys.SkEi.Length);
            Assert.Equal(aead.KeyMaterialLength, keys.SkEr.Length);
        }
    }

    [Theory, MemberData(nameof(Cavs))]
    public void Prf_plus_fills_every_length(Vector v)
    {
        var seed = (byte[])[.. v.Octets("Ni"), .. v.Octets("Nr"), .. v.Octets("SpiI"), .. v.Octets("SpiR")];
        var expected = v.Octets("Dkm");
        for (var length = 0; length <= expected.Length; length++)
        {
            var output = new byte[length];
            IkeKeyDerivation.PrfPlus(Prf(v), v.Octets("SkeySeed"), seed, output);
            Assert.Equal(expected[..length], output);
        }
    }

    [Theory, MemberData(nameof(Cavs))]
    public void Keymat_of_a_child_with_and_without_a_new_exchange(Vector v)
    {
        foreach (var aead in Algorithms.Aeads)
        {
            using var plain = IkeKeyDerivation.ChildKeys(Prf(v), aead, SkD(v), [], v.Octets("Ni"), v.Octets("Nr"));
            AssertCutFrom(v.Octets("DkmChild"), plain.InitiatorToResponder, plain.ResponderToInitiator);

            using var fresh = IkeKeyDerivation.ChildKeys(Prf(v), aead, SkD(v), v.Octets("SharedNew"), v.Octets("Ni"), v.Octets("Nr"));
            AssertCutFrom(v.Octets("DkmChildDh"), fresh.InitiatorToResponder, fresh.ResponderToInitiator);
        }
    }

    [Theory, MemberData(nameof(Cavs))]
    public void SkeySeed_of_a_rekeyed_IKE_SA(Vector v)
    {
        using var seed = IkeKeyDerivation.RekeySkeySeed(Prf(v), SkD(v), v.Octets("SharedNew"), v.Octets("Ni"), v.Octets("Nr"));
        Assert.Equal(v.Octets("SkeySeedRekey"), seed.Span);
    }

    [Fact]
    public void Prf_plus_ends_after_255_blocks()
    {
        foreach (var prf in Algorithms.Prfs)
        {
            var longest = 255 * prf.OutputLength;
            IkeKeyDerivation.PrfPlus(prf, [1], [2], new byte[longest]);
            Assert.Throws<ArgumentException>("output", () => IkeKeyDerivation.PrfPlus(prf, [1], [2], new byte[longest + 1]));
        }
    }

    private static PrfAlgorithm Prf(Vector v) => Algorithms.Prfs.Single(p => p.Name == v.Text("Prf"));

    private static byte[] SkD(Vector v) => v.Octets("Dkm")[..Prf(v).OutputLength];

    // Some published streams are shorter than our keys: compared as far as they go, which is always beyond SK_d.
    private static void AssertCutFrom(byte[] stream, params SecretBytes[] keys)
    {
        var cut = keys.SelectMany(k => k.Span.ToArray()).ToArray();
        var common = Math.Min(stream.Length, cut.Length);
        Assert.True(common > keys[0].Length);
        Assert.Equal(stream[..common], cut[..common]);
    }
}
