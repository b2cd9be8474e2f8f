using System.Numerics;
using CsCheck;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>What every key exchange method of the registry must do.</summary>
public class KeyExchangeProperties
{
    public static TheoryData<KeyExchangeMethod> All => [.. Algorithms.KeyExchanges];

    public static TheoryData<KeyExchangeMethod> Curves => [EcpKeyExchange.P256, EcpKeyExchange.P384];

    [Theory, MemberData(nameof(All))]
    public void Both_sides_get_the_same_secret(KeyExchangeMethod method) =>
        Gen.Int.Sample(seed =>
        {
            using var offer = method.Offer(new SeededRandom(seed));
            Assert.Equal(method.OfferLength, offer.PublicValue.Length);
            Assert.True(method.TryAnswer(new SeededRandom(~seed), offer.PublicValue, out var answer, out var theirs));
            Assert.Equal(method.AnswerLength, answer.Length);
            Assert.True(offer.TryComplete(answer, out var ours));
            Assert.Equal(theirs.Span, ours.Span);
        }, iter: 20);

    [Theory, MemberData(nameof(All))]
    public void The_same_random_octets_give_the_same_value(KeyExchangeMethod method)
    {
        using var once = method.Offer(new SeededRandom(7));
        using var again = method.Offer(new SeededRandom(7));
        using var other = method.Offer(new SeededRandom(8));
        Assert.Equal(once.PublicValue, again.PublicValue);
        Assert.NotEqual(once.PublicValue, other.PublicValue);
    }

    [Theory, MemberData(nameof(All))]
    public void A_value_of_another_length_is_refused(KeyExchangeMethod method)
    {
        using var offer = method.Offer(new SeededRandom(1));
        foreach (var length in new[] { 0, 1, method.AnswerLength / 2, method.AnswerLength - 1, method.AnswerLength + 1, 2 * method.AnswerLength })
        {
            Assert.False(offer.TryComplete(new byte[length], out _));
            Assert.False(method.TryAnswer(new SeededRandom(1), new byte[length], out _, out _));
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Zero_and_all_ones_are_refused(KeyExchangeMethod method)
    {
        using var offer = method.Offer(new SeededRandom(1));
        Assert.False(offer.TryComplete(new byte[method.AnswerLength], out _));
        var ones = Enumerable.Repeat((byte)0xff, method.AnswerLength).ToArray();
        // For X25519 every string of 32 octets is a value (RFC 7748 section 5): all ones stand for 18.
        Assert.Equal(method.TransformId == 31, offer.TryComplete(ones, out _));
    }

    [Theory, MemberData(nameof(All))]
    public void Hostile_values_are_answered_without_an_exception(KeyExchangeMethod method)
    {
        using var offer = method.Offer(new SeededRandom(1));
        Gen.Byte.Array[0, method.AnswerLength + 8].Sample(value =>
        {
            Assert.Equal(offer.TryComplete(value, out var shared), shared is not null);
            shared?.Dispose();
        }, iter: 50, threads: 1);
    }

    [Theory, MemberData(nameof(All))]
    public void A_disposed_offer_is_of_no_use(KeyExchangeMethod method)
    {
        var offer = method.Offer(new SeededRandom(1));
        var peer = method.Offer(new SeededRandom(2)).PublicValue;
        offer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => offer.TryComplete(peer, out _));
    }

    // The points of small order on Curve25519 and its twist, and their other encodings below 2^255 (RFC 7748 section 6.1).
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void X25519_refuses_points_of_small_order(string point)
    {
        using var offer = Algorithms.FindKeyExchange(31)!.Offer(new SeededRandom(1));
        Assert.False(offer.TryComplete(Convert.FromHexString(point), out var shared));
        Assert.Null(shared);
    }

    [Theory, MemberData(nameof(Curves))]
    public void A_point_off_the_curve_is_refused(KeyExchangeMethod method) =>
        Gen.Select(Gen.Int, Gen.Int[0, (8 * method.AnswerLength) - 1]).Sample((seed, bit) =>
        {
            using var offer = method.Offer(new SeededRandom(seed));
            var value = method.Offer(new SeededRandom(~seed)).PublicValue;
            value[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(offer.TryComplete(value, out _));
        }, iter: 30);

    [Fact]
    public void An_ECP_private_value_is_below_the_order_and_not_zero()
    {
        // Zero and all ones do not fit, so the third draw is taken.
        var one = new byte[32];
        one[^1] = 1;
        var random = new ScriptedRandom(new byte[32], [.. Enumerable.Repeat((byte)0xff, 32)], one);
        using var secret = EcpKeyExchange.P256.MakePrivate(random);
        Assert.Equal(one, secret.Span);
    }

    [Fact]
    public void Modp_2048_refuses_what_is_not_between_2_and_p_minus_2()
    {
        var method = new Modp2048KeyExchange();
        var prime = Prime();
        using var secret = method.MakePrivate(new SeededRandom(1));
        foreach (var refused in new[] { 0, 1, prime - 1, prime, prime + 1 })
        {
            Assert.False(method.TryAgree(secret, Padded(refused), out _));
        }

        foreach (var accepted in new[] { 2, prime - 2 })
        {
            Assert.True(method.TryAgree(secret, Padded(accepted), out _));
        }
    }

    [Fact]
    public void Modp_2048_agrees_with_another_implementation_and_pads_on_the_left()
    {
        var (method, prime) = (new Modp2048KeyExchange(), Prime());
        Gen.Select(Gen.Byte.Array[40], Gen.Byte.Array[256]).Sample((x, y) =>
        {
            using var secret = new SecretBytes(x);
            var value = 2 + (Number(y) % (prime - 3));
            Assert.True(method.TryAgree(secret, Padded(value), out var shared));
            Assert.Equal(Padded(BigInteger.ModPow(value, Number(x), prime)), shared.Span.ToArray());
        }, iter: 20);

        using var small = new SecretBytes([3]);
        Assert.True(method.TryAgree(small, Padded(2), out var eight));
        Assert.Equal(Padded(8), eight.Span.ToArray());
    }

    private static BigInteger Prime() =>
        Number(Convert.FromHexString(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Vectors", "rfc3526-modp2048.txt"))
            .Single(l => l.StartsWith("Prime", StringComparison.Ordinal)).Split(" = ")[1]));

    private static BigInteger Number(byte[] octets) => new(octets, isUnsigned: true, isBigEndian: true);

    private static byte[] Padded(BigInteger number)
    {
        var octets = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[256 - octets.Length], .. octets];
    }
}
