using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>Published private values go in through the random source, as in a replayed run.</summary>
public class KeyExchangeVectors
{
    public static TheoryData<Vector> X25519 => VectorFile.Read("rfc8031-rfc7748-x25519.txt");

    public static TheoryData<Vector> Ecp => VectorFile.Read("rfc5903-ecp.txt");

    public static TheoryData<Vector> Modp2048 => VectorFile.Read("rfc3526-modp2048.txt");

    [Theory, MemberData(nameof(X25519))]
    public void X25519_agrees(Vector v) => Check(Algorithms.FindKeyExchange(31)!, v);

    [Theory, MemberData(nameof(Ecp))]
    public void Ecp_agrees(Vector v) => Check(Algorithms.FindKeyExchange(ushort.Parse(v.Text("TransformId")))!, v);

    [Theory, MemberData(nameof(Modp2048))]
    public void Modp_2048_agrees(Vector v)
    {
        // Below the random source: these private values are longer than ours.
        var method = new Modp2048KeyExchange();
        if (v.Has("Prime"))
        {
            var prime = v.Octets("Prime");
            var largest = prime.ToArray();
            largest[^1] -= 2;
            using var one = new SecretBytes([1]);
            Assert.True(method.TryAgree(one, largest, out var same));
            Assert.Equal(largest, same.Span);
            Assert.False(method.TryAgree(one, prime, out _));
            return;
        }

        using var privateValue = new SecretBytes(v.Octets("Private"));
        Assert.Equal(v.Octets("Public"), method.PublicOf(privateValue));
        Assert.True(method.TryAgree(privateValue, v.Octets("PeerPublic"), out var shared));
        Assert.Equal(v.Octets("Shared"), shared.Span);
    }

    private static void Check(KeyExchangeMethod method, Vector v)
    {
        using var offer = method.Offer(new ScriptedRandom(v.Octets("Private")));
        if (v.Has("Public"))
        {
            Assert.Equal(v.Octets("Public"), offer.PublicValue);
        }

        Assert.True(offer.TryComplete(v.Octets("PeerPublic"), out var shared));
        Assert.Equal(v.Octets("Shared"), shared.Span);

        Assert.True(method.TryAnswer(new ScriptedRandom(v.Octets("Private")), v.Octets("PeerPublic"), out var answer, out shared));
        Assert.Equal(offer.PublicValue, answer);
        Assert.Equal(v.Octets("Shared"), shared.Span);
    }
}
