using Latchkey.Crypto;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>A peer's proof has its time (RFC 7296 §2.8.3): when a new one is asked for, and what happens without it.</summary>
public class ReauthenticationTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly IkeSettings Limited = Pair.Settings() with { AuthenticationLifetime = Lifetime };

    [Fact]
    public void By_default_a_proof_counts_as_long_as_the_IKE_SA_is_kept()
    {
        using var pair = new Pair();
        pair.Establish();
        pair.Run(TimeSpan.FromHours(30));
        Assert.Empty(pair.A.Said<ReauthenticationDue>().Concat(pair.B.Said<ReauthenticationDue>()));
        Assert.Empty(pair.A.Said<IkeSaClosed>());
        Assert.True(pair.A.Said<IkeSaRekeyed>().Count() > 5);
    }

    [Fact]
    public void The_end_that_began_is_told_first_several_times_and_the_other_only_when_it_is_nearly_too_late()
    {
        using var pair = new Pair(Limited);
        var (a, b) = pair.Establish();
        pair.Run(Lifetime * 0.75);
        Assert.Empty(pair.A.Said<ReauthenticationDue>());
        pair.Run(Lifetime * 0.16);
        Assert.NotEmpty(pair.A.Said<ReauthenticationDue>());
        Assert.Empty(pair.B.Said<ReauthenticationDue>());
        pair.Run(Lifetime * 0.06);
        Assert.All(pair.A.Said<ReauthenticationDue>(), due => Assert.Equal(a, due.Sa));
        Assert.InRange(pair.A.Said<ReauthenticationDue>().Count(), 3, 9);
        Assert.NotEmpty(pair.B.Said<ReauthenticationDue>());
        Assert.All(pair.B.Said<ReauthenticationDue>(), due => Assert.Equal(b, due.Sa));
        Assert.Equal(2, pair.A.Host.Sas.Concat(pair.B.Host.Sas).Count());
    }

    [Fact]
    public void When_its_time_is_over_the_IKE_SA_ends_and_that_is_said_before()
    {
        using var pair = new Pair(Limited, Pair.Settings());
        pair.Establish();
        pair.Run(Lifetime);
        var closed = pair.A.Only<IkeSaClosed>();
        Assert.Equal(CloseReason.AuthenticationExpired, closed.Reason);
        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<IkeSaClosed>().Reason);
        var order = pair.A.Log.Where(o => o is AuthenticationExpired or ChildClosed or IkeSaClosed).Select(o => o.GetType());
        Assert.Equal([typeof(AuthenticationExpired), typeof(ChildClosed), typeof(IkeSaClosed)], order);
        Assert.Empty(pair.A.Children.Concat(pair.B.Children));
    }

    [Fact]
    public void Rekeys_do_not_lengthen_it()
    {
        using var pair = new Pair(Limited with { IkeLifetime = TimeSpan.FromMinutes(1) }, Pair.Settings());
        pair.Establish();
        pair.Run(Lifetime);
        Assert.True(pair.A.Said<IkeSaRekeyed>().Count() > 5);
        Assert.Single(pair.A.Said<AuthenticationExpired>());
        Assert.Empty(pair.A.Host.Sas);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Who_proves_nothing_is_not_asked_to_do_so_again(bool a, bool b)
    {
        using var pair = new Pair(Limited);
        PeerCredentials With(bool own, bool peer) =>
            new("peer", peer ? new PeerProof.Null() : new PeerProof.Key(Known: null), own ? new OwnProof.Null() : new OwnProof.Key());
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (With(a, b), With(b, a));
        pair.Establish();
        pair.Run(Lifetime * 2);
        Assert.DoesNotContain(pair.A.Log.Concat(pair.B.Log), o => o is ReauthenticationDue or AuthenticationExpired or IkeSaClosed);
    }

    [Fact]
    public void The_end_that_did_not_begin_a_moving_tunnel_leaves_it_to_the_other_that_can_take_it_along()
    {
        using var pair = new Pair(Limited);
        foreach (var side in new[] { pair.A, pair.B })
        {
            side.Policy.Tunnel = true;
        }

        pair.Establish(tunnel: true);
        pair.Run(Lifetime);
        Assert.NotEmpty(pair.A.Said<ReauthenticationDue>());
        Assert.Empty(pair.B.Said<ReauthenticationDue>());
    }
}
