using Org.BouncyCastle.Crypto.Digests;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>ML-KEM-768 as IKE uses it.</summary>
public class MlKemTests
{
    private static readonly MlKem768KeyExchange Method = new();

    /// <summary>
    /// The accumulated vectors of Go's crypto/mlkem (TestAccumulated, 100 rounds): keys, messages and random ciphertexts come out
    /// of SHAKE128; encapsulation keys, ciphertexts, secrets and the secrets of implicit rejection go into another.
    /// </summary>
    [Fact]
    public void A_hundred_keys_encapsulations_and_rejections_are_as_published()
    {
        var (input, output) = (new ShakeSource(), new ShakeDigest(128));
        for (var i = 0; i < 100; i++)
        {
            using var offer = Method.Offer(input);
            Assert.True(Method.TryAnswer(input, offer.PublicValue, out var answer, out var secret));
            Assert.True(offer.TryComplete(answer, out var completed));
            Assert.Equal(secret.Span, completed.Span);
            var wrong = new byte[Method.AnswerLength];
            input.Fill(wrong);
            Assert.True(offer.TryComplete(wrong, out var rejected));
            foreach (var part in new[] { offer.PublicValue, answer, secret.Span.ToArray(), rejected.Span.ToArray() })
            {
                output.BlockUpdate(part, 0, part.Length);
            }
        }

        var digest = new byte[32];
        output.OutputFinal(digest, 0, digest.Length);
        Assert.Equal("1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415", Convert.ToHexStringLower(digest));
    }

    [Fact]
    public void Values_of_another_length_and_keys_that_are_not_reduced_are_refused()
    {
        using var offer = Method.Offer(new ShakeSource());
        Assert.False(Method.TryAnswer(new ShakeSource(), offer.PublicValue.AsSpan(1), out _, out _));
        Assert.False(offer.TryComplete(new byte[Method.AnswerLength + 1], out _));
        byte[] large = [.. offer.PublicValue];
        large.AsSpan(0, 3).Fill(0xff);
        Assert.False(Method.TryAnswer(new ShakeSource(), large, out var answer, out _));
        Assert.Empty(answer);
    }

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
