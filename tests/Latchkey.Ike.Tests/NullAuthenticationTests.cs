using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>NULL authentication (RFC 7619): only where it is asked for, on either side or on both.</summary>
public class NullAuthenticationTests
{
    private static readonly PeerCredentials Nobody = new("nobody", new PeerProof.Null(), new OwnProof.Null());

    [Fact]
    public void Two_hosts_that_prove_nothing_get_an_SA_and_the_judge_finds_their_AUTH_right()
    {
        List<byte[]> secrets = [];
        using var pair = new Pair(KeyDerivationJudgeTests.Settings(5, 256, 36, []), KeyDerivationJudgeTests.Settings(5, 256, 36, secrets));
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (Nobody, Nobody);
        pair.Establish();
        var (a, b) = (pair.A.Only<IkeSaEstablished>(), pair.B.Only<IkeSaEstablished>());
        Assert.True(a.Key.ProvesNothing && b.Key.ProvesNothing && a.Own.ProvesNothing);
        Assert.Equal(IdType.Null, pair.B.Only<AuthorizePeer>().Id.Type);
        Assert.Single(pair.A.Said<ChildEstablished>());
        Assert.Equal(["initiator proved", "responder proved"], KeyDerivationJudgeTests.Judge(pair, "sha256", 256, secrets, "")[..2]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_side_may_be_nobody_while_the_other_proves_its_key(bool initiatorIsNobody)
    {
        using var pair = new Pair();
        var (nobody, somebody) = initiatorIsNobody ? (pair.A, pair.B) : (pair.B, pair.A);
        nobody.Policy.Credentials = Nobody with { Theirs = new PeerProof.Key(Known: null) };
        somebody.Policy.Credentials = Nobody with { Ours = new OwnProof.Key() };
        pair.Establish();
        Assert.Equal(somebody.Key.Public, nobody.Only<IkeSaEstablished>().Key);
        Assert.Equal("NULL", somebody.Only<IkeSaEstablished>().Key.ProvedBy);
    }

    [Fact]
    public void Nobody_is_the_same_twice()
    {
        using var pair = new Pair();
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (Nobody, Nobody);
        pair.Establish();
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Equal(2, pair.B.Said<IkeSaEstablished>().Select(e => e.Key).Distinct().Count());
    }

    [Fact]
    public void Who_was_not_asked_to_be_nobody_is_refused_and_told_which_line_would_let_it_in()
    {
        using var pair = new Pair();
        pair.A.Policy.Credentials = Nobody;
        pair.A.Initiate(pair.B);
        pair.Run(30);
        var refused = pair.B.Only<PeerUnproved>();
        Assert.Contains("nothing at all (NULL)", refused.Text, StringComparison.Ordinal);
        Assert.Contains(refused.Refusal.Remedies, r => r.Contains("auth = \"null\"", StringComparison.Ordinal));
        Assert.Empty(pair.B.Said<AuthorizePeer>());
        Assert.Equal(CloseReason.RefusedByPeer, pair.A.Only<IkeSaClosed>().Reason);
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void A_responder_that_proves_nothing_is_refused_where_a_key_is_asked_for()
    {
        using var pair = new Pair();
        pair.B.Policy.Credentials = Nobody with { Theirs = new PeerProof.Key(Known: null) };
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
    }

    [Fact]
    public void Who_proves_a_key_where_nothing_may_be_proved_is_refused()
    {
        using var pair = new Pair();
        pair.B.Policy.Credentials = Nobody with { Ours = new OwnProof.Key() };
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Contains("may not prove itself, and does so by a signature", pair.B.Only<PeerUnproved>().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_AUTH_of_another_IKE_SA_is_refused()
    {
        using var pair = new Pair(Rewriter.Settings);
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (Nobody, Nobody);
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.Exchange == ExchangeType.IkeAuth
                ? [.. payloads.Select(p => p is AuthPayload auth ? auth with { Data = [.. auth.Data.Select(o => (byte)~o)] } : p)]
                : payloads,
        };
        pair.A.Initiate(pair.B);
        pair.Run(30);
        // The keys with which the test rewrites are known when the responder is content: it is the initiator that must not be.
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Contains("is not one of this IKE SA", pair.A.Only<IkeSaClosed>().Text, StringComparison.Ordinal);
    }
}
