using System.Collections.Immutable;
using CsCheck;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>A peer that authenticated and still says what it should not.</summary>
public class OddPeerTests
{
    [Fact]
    public void A_responder_that_falls_back_to_tunnel_mode_is_refused_its_Child_SA()
    {
        using var pair = new Pair(Rewriter.Settings);
        _ = new Rewriter(pair) { Change = InAnswerTo(ExchangeType.IkeAuth, p => p.RemoveAll(Is(NotifyType.UseTransportMode))) };
        pair.Establish();
        Assert.Equal(CloseReason.TransportModeRefused, pair.A.Only<ChildFailed>().Reason);
        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<ChildClosed>().Reason);
        Assert.Single(pair.A.Host.Sas);
    }

    [Fact]
    public void A_request_for_tunnel_mode_is_refused_and_explained()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Change = InRequest(ExchangeType.CreateChildSa, p => p.RemoveAll(Is(NotifyType.UseTransportMode))) };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<ChildFailed>().Reason);
        var difference = Assert.Single(pair.B.Only<ProposalMismatch>().Refusal.Differences);
        Assert.Equal(("mode", "tunnel", "transport"), (difference.What, Assert.Single(difference.Offered), Assert.Single(difference.Configured)));
    }

    [Fact]
    public void Selectors_wider_than_proposed_are_refused()
    {
        using var pair = new Pair(Rewriter.Settings);
        var everything = TrafficSelector.For(InetPrefix.Parse("0.0.0.0/0"), 0);
        _ = new Rewriter(pair)
        {
            Change = InAnswerTo(ExchangeType.IkeAuth, p => [.. p.Select(x => x is TrafficSelectorPayload { OfInitiator: false } ? new TrafficSelectorPayload(false, [everything]) : x)]),
        };
        pair.Establish();
        Assert.Equal(CloseReason.SelectorsUnacceptable, pair.A.Only<ChildFailed>().Reason);
        Assert.Empty(pair.B.Children);
    }

    [Fact]
    public void B6_A_signature_that_does_not_verify_ends_the_SA_before_anybody_is_asked()
    {
        using var pair = new Pair(Rewriter.Settings);
        _ = new Rewriter(pair)
        {
            Change = InAnswerTo(ExchangeType.IkeAuth, p => [.. p.Select(x => x is AuthPayload auth ? auth with { Data = [.. auth.Data[..^1], (byte)(auth.Data[^1] ^ 1)] } : x)]),
        };
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Empty(pair.A.Said<AuthorizePeer>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
        Assert.Equal(CloseReason.RefusedByPeer, pair.B.Only<IkeSaClosed>().Reason);
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Theory]
    [InlineData(NotifyType.TemporaryFailure)]
    [InlineData(NotifyType.NoAdditionalSas)]
    public void A_refusal_for_now_is_tried_again(NotifyType refusal)
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        var refusals = 0;
        _ = new Rewriter(pair)
        {
            Change = InAnswerTo(ExchangeType.CreateChildSa, p => refusals++ < 2 ? [new NotifyPayload(refusal)] : p),
        };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run(5);
        Assert.Empty(pair.A.Said<ChildFailed>());
        Assert.Equal(2, pair.A.Children.Count);
    }

    [Fact]
    public void A_peer_that_always_puts_us_off_is_given_up()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Change = InAnswerTo(ExchangeType.CreateChildSa, _ => [new NotifyPayload(NotifyType.TemporaryFailure)]) };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run(120);
        Assert.Contains("TEMPORARY_FAILURE", pair.A.Only<ChildFailed>().Text, StringComparison.Ordinal);
        Assert.Single(pair.A.Host.Sas);
    }

    [Fact]
    public void A_request_waiting_to_be_tried_again_fails_with_its_IKE_SA()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Change = InAnswerTo(ExchangeType.CreateChildSa, _ => [new NotifyPayload(NotifyType.TemporaryFailure)]) };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run(0.03);
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.DeletedLocally, "", tellPeer: true));
        Assert.True(pair.A.Log.IndexOf(pair.A.Only<ChildFailed>()) < pair.A.Log.IndexOf(pair.A.Only<IkeSaClosed>()));
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void A_critical_payload_inside_the_encryption_is_refused_and_the_SA_lives()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Change = InRequest(ExchangeType.CreateChildSa, p => p.Add(new UnknownPayload((PayloadType)222, []) { Critical = true })) };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        Assert.Contains("UNSUPPORTED_CRITICAL_PAYLOAD", pair.A.Only<ChildFailed>().Text, StringComparison.Ordinal);
        Assert.Single(pair.B.Children);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void Unknown_payloads_and_notifies_are_skipped()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Change = (_, p) => p.Add(new UnknownPayload((PayloadType)222, [1])).Add(new NotifyPayload((NotifyType)40_001, 5)).Add(new VendorIdPayload([1])) };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
        pair.Run();
        Assert.Equal(2, pair.B.Children.Count);
        Assert.Single(pair.B.Said<IkeSaRekeyed>());
    }

    [Fact]
    public void Authenticated_nonsense_ends_the_SA_with_INVALID_SYNTAX()
    {
        using var pair = new Pair(Rewriter.Settings);
        var (a, _) = pair.Establish();
        _ = new Rewriter(pair) { Garbage = header => header is { IsResponse: false, Exchange: ExchangeType.CreateChildSa } ? [1, 2, 3] : null };
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        var closed = pair.B.Only<IkeSaClosed>();
        Assert.Equal(CloseReason.ProtocolError, closed.Reason);
        Assert.Contains("at octet", closed.Text, StringComparison.Ordinal);
        Assert.Contains("INVALID_SYNTAX", pair.A.Only<ChildFailed>().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_authenticated_octets_are_borne() => Gen.Select(Gen.Int[0, 100_000], Gen.Byte.Array[0, 60]).Sample(
        (seed, octets) =>
        {
            using var pair = new Pair(Rewriter.Settings, seed: seed);
            var (a, _) = pair.Establish();
            var odd = pair.Random.Next(2) == 0;
            _ = new Rewriter(pair) { Garbage = header => header.IsResponse == odd ? octets : null };
            pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
            pair.Run(400);
            Assert.Equal(1, pair.A.Said<ChildFailed>().Count() + pair.A.Said<ChildEstablished>().Count(c => c.Request is not null) - 1);
        },
        iter: 100);

    private static Predicate<IkePayload> Is(NotifyType type) => payload => payload is NotifyPayload notify && notify.Notify == type;

    private static Func<IkeHeader, ImmutableArray<IkePayload>, ImmutableArray<IkePayload>?> InAnswerTo(
        ExchangeType exchange, Func<ImmutableArray<IkePayload>, ImmutableArray<IkePayload>> change) =>
        (header, payloads) => header.IsResponse && header.Exchange == exchange ? change(payloads) : payloads;

    private static Func<IkeHeader, ImmutableArray<IkePayload>, ImmutableArray<IkePayload>?> InRequest(
        ExchangeType exchange, Func<ImmutableArray<IkePayload>, ImmutableArray<IkePayload>> change) =>
        (header, payloads) => !header.IsResponse && header.Exchange == exchange ? change(payloads) : payloads;
}
