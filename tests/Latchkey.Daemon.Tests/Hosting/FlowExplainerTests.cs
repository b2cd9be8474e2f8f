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

    private static string Explain(SecurityPolicy policy, params IReadOnlyList<LatchReport> latches)
    {
        Assert.True(FlowQuery.TryParse("tcp 192.0.2.1:7000 192.0.2.7", out var query, out _));
        return string.Join(' ', FlowExplainer.Explain(query, policy, latches, [], null).Sentences);
    }
}
