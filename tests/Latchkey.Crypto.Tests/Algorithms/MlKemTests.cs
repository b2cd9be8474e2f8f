using Latchkey.Vectors;
using Org.BouncyCastle.Crypto.Digests;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>ML-KEM as IKE uses it.</summary>
public class MlKemTests
{
    public static TheoryData<Vector> Accumulated => VectorFile.Read("accumulated-ml-kem.txt");

    public static TheoryData<Vector> Acvp => VectorFile.Read("nist-acvp-ml-kem.txt");

    public static TheoryData<Vector> Strcmp => VectorFile.Read("wycheproof-ml-kem.txt");

    public static TheoryData<KeyExchangeMethod> Methods => [MlKemKeyExchange.MlKem768, MlKemKeyExchange.MlKem1024];

    [Theory, MemberData(nameof(Accumulated))]
    public void A_hundred_keys_encapsulations_and_rejections_are_as_published(Vector v)
    {
        var method = Method(v);
        var (input, output) = (new ShakeSource(), new ShakeDigest(128));
        for (var i = 0; i < 100; i++)
        {
            using var offer = method.Offer(input);
            Assert.True(method.TryAnswer(input, offer.PublicValue, out var answer, out var secret));
            Assert.True(offer.TryComplete(answer, out var completed));
            Assert.Equal(secret.Span, completed.Span);
            var wrong = new byte[method.AnswerLength];
            input.Fill(wrong);
            Assert.True(offer.TryComplete(wrong, out var rejected));
            foreach (var part in new[] { offer.PublicValue, answer, secret.Span.ToArray(), rejected.Span.ToArray() })
            {
                output.BlockUpdate(part, 0, part.Length);
            }
        }

        var digest = new byte[32];
        output.OutputFinal(digest, 0, digest.Length);
        Assert.Equal(v.Octets("Digest"), digest);
    }

    /// <summary>All that FIPS 203 draws at random goes in through the random source: d and z of a key, m of an encapsulation.</summary>
    [Theory, MemberData(nameof(Acvp))]
    public void Keys_and_encapsulations_are_as_published(Vector v)
    {
        if (v.Has("D"))
        {
            using var offer = Method(v).Offer(new ScriptedRandom([.. v.Octets("D"), .. v.Octets("Z")]));
            Assert.Equal(v.Octets("EncapsulationKey"), offer.PublicValue);
            return;
        }

        Assert.True(Method(v).TryAnswer(new ScriptedRandom(v.Octets("M")), v.Octets("EncapsulationKey"), out var answer, out var secret));
        Assert.Equal(v.Octets("Ciphertext"), answer);
        Assert.Equal(v.Octets("Secret"), secret.Span);
    }

    [Theory, MemberData(nameof(Strcmp))]
    public void A_ciphertext_that_differs_only_behind_an_octet_of_zero_is_rejected_implicitly(Vector v)
    {
        using var offer = Method(v).Offer(new ScriptedRandom(v.Octets("Seed")));
        Assert.Equal(v.Octets("EncapsulationKey"), offer.PublicValue);
        Assert.True(offer.TryComplete(v.Octets("Ciphertext"), out var secret));
        Assert.Equal(v.Octets("Secret"), secret.Span);
    }

    [Theory, MemberData(nameof(Methods))]
    public void Values_of_another_length_and_keys_that_are_not_reduced_are_refused(KeyExchangeMethod method)
    {
        using var offer = method.Offer(new ShakeSource());
        Assert.False(method.TryAnswer(new ShakeSource(), offer.PublicValue.AsSpan(1), out _, out _));
        Assert.False(offer.TryComplete(new byte[method.AnswerLength + 1], out _));
        byte[] large = [.. offer.PublicValue];
        large.AsSpan(0, 3).Fill(0xff);
        Assert.False(method.TryAnswer(new ShakeSource(), large, out var answer, out _));
        Assert.Empty(answer);
    }

    private static KeyExchangeMethod Method(Vector v) => Methods.Select(row => row.Data).Single(m => m.Name == v.Text("Name"));

    private sealed class ShakeSource : IRandomSource
    {
        private readonly ShakeDigest _shake = new(128);

        public void Fill(Span<byte> buffer)
        {
            var octets = new byte[buffer.Length];
            _shake.Output(octets, 0, octets.Length);
            octets.CopyTo(buffer);
        }
    }
}
