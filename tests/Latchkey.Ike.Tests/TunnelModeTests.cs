using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Child SAs in tunnel mode: asked for by leaving USE_TRANSPORT_MODE out (RFC 7296 §1.3.1).</summary>
public class TunnelModeTests
{
    private static readonly SelectorSet Inner = SelectorSet.Of(For("10.1.0.0/16"), For("10.2.0.0/16"));

    [Fact]
    public void A_tunnel_is_asked_for_and_granted_and_its_rekey_is_a_tunnel_too()
    {
        using var pair = new Pair();
        pair.A.Policy.Tunnel = pair.B.Policy.Tunnel = true;
        var (a, _) = pair.Establish(Inner, tunnel: true);
        Assert.All(new[] { pair.A, pair.B }, side => Assert.True(Assert.Single(side.Children).Value.Tunnel));
        Assert.Equal(Inner, Assert.Single(pair.A.Children).Value.Selectors);
        Assert.Equal(new SelectorSet(Inner.Remote, Inner.Local), Assert.Single(pair.B.Children).Value.Selectors);

        pair.A.Do(host => host.RekeyChild(pair.Now, pair.A.Children.Keys.Single()));
        pair.Run();
        Assert.All(new[] { pair.A, pair.B }, side => Assert.True(Assert.Single(side.Children).Value is { Tunnel: true, Rekeys: not null }));
        Assert.Equal(a, pair.A.Only<IkeSaEstablished>().Sa);
    }

    [Fact]
    public void Inner_addresses_are_the_same_at_both_ends_of_a_NAT()
    {
        using var pair = new Pair();
        pair.A.Policy.Tunnel = pair.B.Policy.Tunnel = true;
        pair.B.Policy.ForceEncapsulation = true;
        var one = SelectorSet.Of(For("10.1.0.1"), For("10.2.0.1"));
        pair.Establish(one, tunnel: true);
        Assert.Equal(new SelectorSet(one.Remote, one.Local), Assert.Single(pair.B.Children).Value.Selectors);
        Assert.True(Assert.Single(pair.B.Children).Value.UdpEncapsulation);
    }

    [Fact]
    public void A_request_for_transport_mode_is_refused_where_a_tunnel_is_configured_and_explained()
    {
        using var pair = new Pair();
        pair.B.Policy.Tunnel = true;
        pair.Establish();
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<ChildFailed>().Reason);
        var difference = Assert.Single(pair.B.Only<ProposalMismatch>().Refusal.Differences);
        Assert.Equal(("mode", "transport", "tunnel"), (difference.What, Assert.Single(difference.Offered), Assert.Single(difference.Configured)));
    }

    [Fact]
    public void A_responder_that_answers_in_transport_mode_is_refused_its_Child_SA()
    {
        using var pair = new Pair(Rewriter.Settings);
        pair.B.Policy.Tunnel = true;
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.Exchange == ExchangeType.IkeAuth && header.IsResponse ? payloads.Add(new NotifyPayload(NotifyType.UseTransportMode)) : payloads,
        };
        pair.Establish(Inner, tunnel: true);
        Assert.Equal(CloseReason.TunnelModeRefused, pair.A.Only<ChildFailed>().Reason);
        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<ChildClosed>().Reason);
    }

    private static TrafficSelector For(string prefix) => TrafficSelector.For(InetPrefix.Parse(prefix), 0);
}
