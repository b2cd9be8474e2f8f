using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>The digest over what both ends signed, from which unique channel bindings are made (RFC 5056, RFC 7296 §2.15).</summary>
public class AuthDigestTests
{
    [Fact]
    public void L48_Both_ends_know_the_same_digest_and_every_IKE_SA_has_another()
    {
        using var pair = new Pair();
        pair.Establish();
        pair.A.Initiate(pair.B);
        pair.Run();

        var atA = Digests(pair.A);
        Assert.Equal(2, atA.Distinct().Count());
        Assert.Equal(atA, Digests(pair.B));
    }

    [Fact]
    public void L48_A_rekey_authenticates_nobody_anew_and_says_no_other_digest()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
        pair.Run();

        Assert.Single(pair.A.Said<IkeSaRekeyed>());
        Assert.Single(Digests(pair.A));
    }

    [Fact]
    public void L48_With_a_man_in_the_middle_the_ends_know_different_digests()
    {
        // Whoever sits in the middle completes one exchange with each end, with a key of his own: BTNS lets him (B14).
        using var withVictim = new Pair(seed: 1);
        using var withServer = new Pair(seed: 2);
        withVictim.Establish();
        withServer.Establish();

        Assert.Equal(Digests(withVictim.A), Digests(withVictim.B));
        Assert.Equal(Digests(withServer.A), Digests(withServer.B));
        Assert.NotEqual(Digests(withVictim.A), Digests(withServer.B));
    }

    private static List<string> Digests(Side side) => [.. side.Said<IkeSaEstablished>().Select(e => Convert.ToHexString(e.AuthDigest.Span))];
}
