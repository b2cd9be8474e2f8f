using Latchkey.Wire.Ike;
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
    public void What_the_peer_tells_of_our_proof_does_not_lengthen_what_its_own_is_good_for()
    {
        using var pair = new Pair(Limited, Limited with { AuthenticationLifetime = Lifetime - TimeSpan.FromSeconds(1) });
        pair.Establish();
        pair.Wire.Loss = 1;
        pair.Run(Lifetime - TimeSpan.FromSeconds(2));
        Assert.Empty(pair.A.Said<AuthenticationExpired>());
        pair.Run(TimeSpan.FromSeconds(2));
        Assert.Single(pair.A.Said<AuthenticationExpired>());
    }

    [Fact]
    public void RFC4478_The_responder_tells_its_lifetime_and_the_initiator_begins_before_it_is_over()
    {
        using var pair = new Pair(Pair.Settings(), Limited);
        pair.Establish();
        var told = pair.A.Only<AuthLifetimeTold>();
        Assert.Equal((Lifetime, Lifetime), (told.Told, told.Taken));
        Assert.Empty(pair.B.Said<AuthLifetimeTold>());
        pair.Run(Lifetime * 0.91);
        Assert.NotEmpty(pair.A.Said<ReauthenticationDue>());
        Assert.Empty(pair.B.Said<ReauthenticationDue>());
    }

    [Fact]
    public void RFC4478_The_responder_ends_what_the_initiator_did_not_renew_and_both_know_why()
    {
        using var pair = new Pair(Pair.Settings(), Limited);
        pair.Establish();
        pair.Run(Lifetime + TimeSpan.FromSeconds(1));
        Assert.False(pair.B.Only<AuthenticationExpired>().Ours);
        Assert.True(pair.A.Only<AuthenticationExpired>().Ours);
        Assert.Equal(
            [CloseReason.AuthenticationExpired, CloseReason.AuthenticationExpired], pair.A.Said<IkeSaClosed>().Concat(pair.B.Said<IkeSaClosed>()).Select(c => c.Reason));
    }

    [Fact]
    public void A_peer_that_forgets_its_own_lifetime_does_not_lengthen_it()
    {
        using var pair = new Pair(Pair.Settings(), Limited);
        pair.Establish();
        pair.Wire.Loss = 1;
        pair.Run(Lifetime * 1.1);
        Assert.True(pair.A.Only<AuthenticationExpired>().Ours);
        Assert.Empty(pair.A.Host.Sas);
    }

    [Fact]
    public void A_lifetime_of_next_to_nothing_is_taken_for_more_so_that_no_peer_keeps_us_busy()
    {
        using var pair = new Pair(Pair.Settings(), Limited with { AuthenticationLifetime = TimeSpan.FromSeconds(1.5) });
        pair.Establish();
        var told = pair.A.Only<AuthLifetimeTold>();
        Assert.Equal((TimeSpan.FromSeconds(1), Limited.AuthenticationLifetimeMinimum), (told.Told, told.Taken));
        Assert.Empty(pair.A.Said<ReauthenticationDue>());
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 30 }, true)]
    [InlineData(new byte[] { 0, 0, 30 }, false)]
    [InlineData(new byte[] { 0, 0, 0, 30, 0 }, false)]
    public void RFC4478_It_may_be_told_later_and_the_last_word_holds(byte[] octets, bool counts)
    {
        using var pair = new Pair(Rewriter.Settings, Limited with { ExportKeys = true });
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header is { Exchange: ExchangeType.Informational, IsResponse: false, IsFromInitiator: false } ? [.. payloads, new NotifyPayload(NotifyType.AuthLifetime, octets)] : payloads,
        };
        var (a, b) = pair.Establish();
        pair.B.Do(host => host.Probe(pair.Now, b));
        pair.Run(30);
        Assert.Equal(counts ? 2 : 1, pair.A.Said<AuthLifetimeTold>().Count());
        Assert.Equal(counts, pair.A.Said<ReauthenticationDue>().Any(due => due.Sa == a));
    }

    [Fact]
    public void RFC4478_A_peer_that_tells_all_the_time_is_heeded_each_time_and_spoken_of_now_and_then()
    {
        using var pair = new Pair(Rewriter.Settings, Pair.Settings() with { ExportKeys = true });
        byte lifetime = 100;
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header is { Exchange: ExchangeType.Informational, IsResponse: false, IsFromInitiator: false } ? [.. payloads, new NotifyPayload(NotifyType.AuthLifetime, 0, 0, 0, lifetime)] : payloads,
        };
        var (a, b) = pair.Establish();
        for (var i = 0; i < 200; i++)
        {
            lifetime--;
            lifetime = lifetime < 50 ? (byte)100 : lifetime;
            pair.B.Do(host => host.Probe(pair.Now, b));
            pair.Run(0.1);
        }

        Assert.InRange(pair.A.Said<AuthLifetimeTold>().Count(), 2, 3);
        lifetime = 40;
        pair.B.Do(host => host.Probe(pair.Now, b));
        pair.Run(10);
        Assert.Equal(TimeSpan.FromSeconds(40), pair.A.Said<AuthLifetimeTold>().Last().Told);
        pair.Run(29);
        Assert.NotEmpty(pair.A.Said<ReauthenticationDue>());
        Assert.Equal(IkeSaState.Established, pair.A.Host.Find(a)!.State);
    }
}
