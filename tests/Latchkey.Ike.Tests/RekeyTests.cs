using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Replacing Child SAs and the IKE SA itself (RFC 7296 §2.8, §2.18).</summary>
public class RekeyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_Child_SA_is_replaced_without_a_gap(bool byInitiator)
    {
        using var pair = new Pair();
        pair.Establish();
        var (self, other) = byInitiator ? (pair.A, pair.B) : (pair.B, pair.A);
        var old = self.Only<ChildEstablished>();
        var oldThere = other.Only<ChildEstablished>();
        self.Do(host => host.RekeyChild(pair.Now, old.Child));
        self.Do(host => host.RekeyChild(pair.Now, old.Child));
        pair.Run();

        foreach (var (side, before) in new[] { (self, old), (other, oldThere) })
        {
            var successor = side.Said<ChildEstablished>().Skip(1).Single();
            Assert.Equal(before.Child, successor.Rekeys);
            Assert.Equal(before.Selectors, successor.Selectors);
            Assert.Equal(CloseReason.Rekeyed, side.Only<ChildClosed>().Reason);
            Assert.True(side.Log.IndexOf(successor) < side.Log.IndexOf(side.Only<ChildClosed>()));
            Assert.Equal([successor.Child], side.Children.Keys);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_IKE_SA_keeps_handle_peer_and_children_through_a_rekey(bool byInitiator)
    {
        using var pair = new Pair();
        var (a, b) = pair.Establish();
        var (self, sa) = byInitiator ? (pair.A, a) : (pair.B, b);
        for (var i = 0; i < 3; i++)
        {
            self.Do(host => host.RekeyIkeSa(pair.Now, sa));
            self.Do(host => host.RekeyIkeSa(pair.Now, sa));
            pair.Run();
        }

        foreach (var side in new[] { pair.A, pair.B })
        {
            Assert.Equal(3, side.Said<IkeSaRekeyed>().Count());
            Assert.Empty(side.Said<IkeSaClosed>());
            Assert.Empty(side.Said<ChildClosed>());
            Assert.Single(side.Host.Sas);
        }

        AssertAgree(pair);
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.B.Do(host => host.CreateChild(pair.Now, b, new ChildProposal(Pair.SelectorsBetween(pair.B, pair.A))));
        pair.Run(5);
        Assert.Equal(3, pair.A.Children.Count);
        AssertAgree(pair);
    }

    /// <summary>docs/decisions/rekey-suite.md</summary>
    [Fact]
    public void A_peer_that_offers_every_suite_for_a_rekey_is_answered_with_the_one_in_force()
    {
        using var pair = new Pair(WithPrfs(5), WithPrfs(7, 5));
        var offered = WithPrfs(7, 5).IkeProposals;
        _ = new Rewriter(pair) { Change = (header, payloads) => IsRekeyRequest(header) ? [.. payloads.Select(p => p is SaPayload sa ? IkeNegotiation.Offer(offered, sa.Proposals[0].Spi) : p)] : payloads };
        var (sa, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, sa));
        pair.Run();
        Assert.Equal(5, pair.A.Only<IkeSaRekeyed>().Suite.Prf.TransformId);
        AssertAgree(pair);
    }

    [Fact]
    public void A_rekey_of_the_IKE_SA_offers_the_suite_in_force_and_everything_to_a_peer_that_refuses_it()
    {
        using var pair = new Pair(WithPrfs(5, 7));
        List<int> offered = [];
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) =>
            {
                if (!IsRekeyRequest(header))
                {
                    return payloads;
                }

                var sa = payloads.OfType<SaPayload>().Single();
                offered.Add(sa.Proposals.Sum(p => p.Transforms.Count(t => t.Type == TransformType.Prf)));
                return offered.Count > 1 ? payloads : [.. payloads.Select(p => p == sa ? new SaPayload([sa.Proposals[0] with { Transforms = [] }]) : p)];
            },
        };
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
        pair.Run();
        Assert.Equal([1, 2], offered);
        Assert.Single(pair.A.Said<IkeSaRekeyed>());
        Assert.Empty(pair.A.Said<ProposalMismatch>());
        AssertAgree(pair);
    }

    private static bool IsRekeyRequest(IkeHeader header) => header is { Exchange: ExchangeType.CreateChildSa, IsResponse: false };

    private static IkeSettings WithPrfs(params ushort[] prfs) => Rewriter.Settings with { IkeProposals = [Rewriter.Settings.IkeProposals[0] with { Prf = [.. prfs.Select(id => Algorithms.FindPrf(id)!)] }] };

    [Fact]
    public void Both_sides_replacing_one_Child_SA_at_once_end_with_one()
    {
        for (var seed = 0; seed < 8; seed++)
        {
            using var pair = new Pair(seed: seed);
            pair.Establish();
            pair.A.Do(host => host.RekeyChild(pair.Now, pair.A.Only<ChildEstablished>().Child));
            pair.B.Do(host => host.RekeyChild(pair.Now, pair.B.Only<ChildEstablished>().Child));
            pair.Run(30);
            Assert.Single(pair.A.Children);
            AssertAgree(pair);
        }
    }

    [Fact]
    public void Both_sides_replacing_the_IKE_SA_at_once_end_with_one()
    {
        for (var seed = 0; seed < 8; seed++)
        {
            using var pair = new Pair(seed: seed);
            var (a, b) = pair.Establish();
            pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
            pair.B.Do(host => host.RekeyIkeSa(pair.Now, b));
            pair.Run(60);
            Assert.Single(pair.A.Said<IkeSaRekeyed>());
            Assert.Single(pair.B.Said<IkeSaRekeyed>());
            AssertAgree(pair);
            AssertLives(pair, a, b);
        }
    }

    [Fact]
    public void A_new_Child_SA_and_a_rekey_of_the_IKE_SA_at_once_both_come_through()
    {
        using var pair = new Pair();
        var (a, b) = pair.Establish();
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.B.Do(host => host.RekeyIkeSa(pair.Now, b));
        pair.Run(30);
        Assert.Equal(2, pair.A.Children.Count);
        Assert.Single(pair.A.Said<IkeSaRekeyed>());
        Assert.Empty(pair.A.Said<ChildFailed>());
        AssertAgree(pair);
    }

    [Fact]
    public void A_rekey_of_a_Child_SA_that_the_peer_lost_lets_ours_go_too()
    {
        using var pair = new Pair();
        var (_, b) = pair.Establish();
        var old = pair.A.Only<ChildEstablished>();
        // B deletes it, and its Delete is lost for a while.
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address && pair.Now < TimeSpan.FromSeconds(2.005) ? null : flight;
        pair.B.Do(host => host.DeleteChild(pair.Now, pair.B.Only<ChildEstablished>().Child, CloseReason.DeletedLocally, "enough"));
        pair.A.Do(host => host.RekeyChild(pair.Now, old.Child));
        pair.Run(20);
        Assert.Empty(pair.A.Children);
        Assert.Equal(old.Child, pair.A.Only<ChildFailed>().Rekeys);
        Assert.Equal(IkeSaState.Established, pair.B.Host.Find(b)!.State);
    }

    [Fact]
    public void Lifetimes_bring_rekeys_and_never_a_gap()
    {
        var settings = Pair.Settings() with { IkeLifetime = TimeSpan.FromMinutes(10), ChildLifetime = TimeSpan.FromMinutes(3) };
        using var pair = new Pair(settings);
        pair.Establish();
        pair.Run(3600);
        Assert.True(pair.A.Said<ChildEstablished>().Count() >= 20);
        Assert.True(pair.A.Said<IkeSaRekeyed>().Count() >= 6);
        Assert.All(pair.A.Said<ChildClosed>(), closed => Assert.True(closed.Reason is CloseReason.Rekeyed or CloseReason.Superseded, closed.ToString()));
        Assert.Single(pair.A.Children);
        AssertAgree(pair);
    }

    [Fact]
    public void A_Child_SA_that_cannot_be_replaced_expires()
    {
        var settings = Pair.Settings() with { ChildLifetime = TimeSpan.FromMinutes(3) };
        using var pair = new Pair(settings);
        pair.B.OnChild = _ => new ChildVerdict.Refuse("no more");
        pair.A.OnChild = _ => new ChildVerdict.Refuse("no more");
        pair.Establish();
        pair.Run(300);
        Assert.Contains(pair.A.Said<ChildFailed>().Concat(pair.B.Said<ChildFailed>()), failed => failed.Rekeys is not null);
        Assert.Contains(pair.A.Said<ChildClosed>().Concat(pair.B.Said<ChildClosed>()), closed => closed.Reason == CloseReason.Expired);
        Assert.Empty(pair.A.Children);
        Assert.Empty(pair.B.Children);
        Assert.Single(pair.A.Host.Sas);
    }

    internal static void AssertAgree(Pair pair)
    {
        Assert.Equal(pair.A.Host.Sas.Select(s => (s.SpiI, s.SpiR)), pair.B.Host.Sas.Select(s => (s.SpiI, s.SpiR)));
        Assert.Equal(
            pair.A.Children.Values.Select(c => (c.InboundSpi, c.OutboundSpi)).Order(), pair.B.Children.Values.Select(c => (c.OutboundSpi, c.InboundSpi)).Order());
        foreach (var child in pair.A.Children.Values)
        {
            var twin = pair.B.Children.Values.Single(c => c.InboundSpi == child.OutboundSpi);
            Assert.Equal(child.OutboundKey.Span.ToArray(), twin.InboundKey.Span.ToArray());
            Assert.Equal(child.InboundKey.Span.ToArray(), twin.OutboundKey.Span.ToArray());
        }
    }

    private static void AssertLives(Pair pair, IkeSaHandle a, IkeSaHandle b)
    {
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.B.Do(host => host.Probe(pair.Now, b));
        pair.Run();
        Assert.Single(pair.A.Said<ProbeAnswered>());
        Assert.Single(pair.B.Said<ProbeAnswered>());
    }
}
