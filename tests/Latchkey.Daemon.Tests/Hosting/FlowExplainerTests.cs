using Latchkey.Daemon.Control;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Reports;
using Latchkey.Daemon.Tests.Control;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>Whoever asks about a connection is told whether it is latched (RFC 5660 §2.3).</summary>
public class FlowExplainerTests
{
    private static readonly ProtectEntry App = new() { Name = "app", Protocol = IpProtocol.Tcp, Trust = TrustLevel.Anyone };

    [Fact]
    public void L32_L33_A_flow_that_no_entry_covers_is_not_latched() => Assert.Contains("It is bypassed", Explain(SecurityPolicy.Empty), StringComparison.Ordinal);

    [Fact]
    public void L32_L33_A_flow_without_a_latch_is_said_to_have_none() => Assert.Contains("No such flow is latched now", Explain(new([App], [])), StringComparison.Ordinal);

    [Fact]
    public void A_latch_whose_entry_is_gone_is_said_to_stay_inside() =>
        Assert.Contains("never go in clear", Explain(SecurityPolicy.Empty, FakeDaemon.Latch with { State = "BROKEN", Reason = "PolicyChanged" }), StringComparison.Ordinal);

    [Fact]
    public void L47_A_latch_that_keeps_an_earlier_policy_is_said_to() =>
        Assert.Contains("it keeps the one it had", Explain(SecurityPolicy.Empty, FakeDaemon.Latch with { KeepsPolicy = true }), StringComparison.Ordinal);

    [Fact]
    public void A_flow_in_a_tunnel_is_explained_by_whom_the_tunnel_ends_at()
    {
        var outer = new AddressPair(InetAddress.Parse("203.0.113.1"), InetAddress.Parse("203.0.113.7"));
        var tunnel = App with { Local = Prefix("192.0.2.1"), Remote = Prefix("192.0.2.7"), Tunnel = outer, Forwarding = Forwarding.Default };
        var policy = new SecurityPolicy([tunnel], [new KnownPeer("gateway", default, [Prefix("203.0.113.7")]), new KnownPeer("inner", default, [Prefix("192.0.2.7")])]);
        Assert.True(FlowQuery.TryParse("tcp 192.0.2.1:7000 192.0.2.7", out var query, out _));
        Assert.Equal([outer.Remote], query.PeersIn(policy));
        Assert.Equal([InetAddress.Parse("192.0.2.7")], query.PeersIn(new([App], [])));
        var explained = Explain(policy);
        Assert.Contains("203.0.113.7 belongs to the known peer \"gateway\"", explained, StringComparison.Ordinal);
        Assert.DoesNotContain("\"inner\"", explained, StringComparison.Ordinal);
        Assert.Contains("also what this host forwards between them", explained, StringComparison.Ordinal);
    }

    private static InetPrefix Prefix(string address) => InetPrefix.Of(InetAddress.Parse(address));

    private static string Explain(SecurityPolicy policy, params IReadOnlyList<LatchReport> latches)
    {
        Assert.True(FlowQuery.TryParse("tcp 192.0.2.1:7000 192.0.2.7", out var query, out _));
        return string.Join(' ', FlowExplainer.Explain(query, policy, latches, [], null).Sentences);
    }
}
