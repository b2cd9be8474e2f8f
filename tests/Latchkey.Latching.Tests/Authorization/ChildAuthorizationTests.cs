using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Authorization;

public class ChildAuthorizationTests
{
    private static readonly KnownPeer R1 = Known("r1", "192.0.2.7");

    private static readonly ChildAuthorization Authorization = new(Policy(
        [Entry("web", TrustLevel.Anyone, 7000), Entry("bgp", TrustLevel.Known, 179)], R1));

    private static readonly PadResult Btns = new PadResult.Btns(Key("anybody"));

    [Fact]
    public void An_offer_is_narrowed_to_what_the_entry_covers_between_the_two_addresses()
    {
        var allowed = Assert.IsType<ChildAuthorizationResult.Allowed>(Authorization.Narrow(Btns, new AddressPair(W, D), Everything()));
        Assert.Equal("web", allowed.Entry.Name);
        Assert.Equal(
            SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(W), (byte)IpProtocol.Tcp, 7000, 7000), TrafficSelector.For(InetPrefix.Of(D), (byte)IpProtocol.Tcp)),
            allowed.Selectors);
    }

    [Fact]
    public void An_offer_that_claims_other_hosts_is_narrowed_to_the_peers_own_address()
    {
        var range = new SelectorSet(
            [TrafficSelector.For(InetPrefix.Of(W), 0)], [TrafficSelector.For(InetPrefix.Parse("192.0.2.0/24"), 0)]);
        var allowed = Assert.IsType<ChildAuthorizationResult.Allowed>(Authorization.Narrow(Btns, new AddressPair(W, D), range));
        Assert.All(allowed.Selectors.Remote, s => Assert.Equal((D, D), (s.StartAddress, s.EndAddress)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_entry_with_the_port_on_either_side_grants_an_offer_for_one_side_in_full(bool ours)
    {
        var port = new PortRange(179, 179);
        var either = new ChildAuthorization(Policy(
            [Entry("bgp", TrustLevel.Anyone, 179) with { Ports = [new PortPair(PortRange.Any, port), new PortPair(port, PortRange.Any)] }]));
        var (local, remote) = ours ? (port, PortRange.Any) : (PortRange.Any, port);
        var offered = SelectorSet.Of(
            TrafficSelector.For(InetPrefix.Of(W), (byte)IpProtocol.Tcp, local.Start, local.End),
            TrafficSelector.For(InetPrefix.Of(D), (byte)IpProtocol.Tcp, remote.Start, remote.End));
        Assert.Equal(offered, Assert.IsType<ChildAuthorizationResult.Allowed>(either.Narrow(Btns, new AddressPair(W, D), offered)).Selectors);
    }

    [Fact]
    public void B8_Traffic_of_btns_peers_matches_only_entries_that_let_them_in()
    {
        var refused = Assert.IsType<ChildAuthorizationResult.Refused>(Authorization.Narrow(Btns, new AddressPair(W, D), ToPort(179)));
        Assert.Contains("\"bgp\"", refused.Reason, StringComparison.Ordinal);
        Assert.IsType<ChildAuthorizationResult.Allowed>(Authorization.Narrow(new PadResult.Known(R1), new AddressPair(W, C), ToPort(179)));
    }

    [Fact]
    public void B11_A_btns_peer_gets_no_child_sa_at_the_address_of_a_known_peer() =>
        Assert.IsType<ChildAuthorizationResult.Refused>(Authorization.Narrow(Btns, new AddressPair(W, C), Everything()));

    [Fact]
    public void A_refusal_names_what_was_offered_and_what_is_configured()
    {
        var refused = Assert.IsType<ChildAuthorizationResult.Refused>(Authorization.Narrow(Btns, new AddressPair(W, D), ToPort(22)));
        Assert.Contains("192.0.2.1[tcp/22]", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("192.0.2.1[tcp/7000]", refused.Reason, StringComparison.Ordinal);
    }

    private static SelectorSet Everything() =>
        SelectorSet.Of(TrafficSelector.For(InetPrefix.Parse("0.0.0.0/0"), 0), TrafficSelector.For(InetPrefix.Parse("0.0.0.0/0"), 0));

    private static SelectorSet ToPort(ushort port) =>
        SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(W), (byte)IpProtocol.Tcp, port, port), TrafficSelector.For(InetPrefix.Parse("192.0.2.0/24"), 0));
}
