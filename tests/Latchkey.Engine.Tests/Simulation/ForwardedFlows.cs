using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Latches of flows that a gateway forwards: what holds of this host's own holds of them, but that no socket tells when they end.</summary>
public sealed class ForwardedFlows() : TunnelTheatre(Forwarded)
{
    private static readonly Forwarding Two = new(FlowMaximum: 2, TcpIdle: TimeSpan.FromHours(1), Idle: TimeSpan.FromMinutes(1));
    private static readonly FlowKey Flow = new(IpProtocol.Tcp, InetAddress.Parse("10.1.0.5"), 7000, InetAddress.Parse("10.2.0.9"), 40_000);
    private static readonly ProtectEntry Forwarded = Entry with { Protocol = null, Ports = [PortPair.Any], Forwarding = Two };

    private LatchSnapshot? Latch => W.Daemon!.Engine.Latches().FirstOrDefault(latch => latch.Flow == Flow);

    [Fact]
    public void A_flow_of_a_host_behind_this_one_is_latched_and_followed()
    {
        Begin(Flow);
        Assert.True(Latch is { IsForwarded: true, State: LatchState.Established });
        Assert.Equal(Two.TcpIdle, W.Daemon!.Datapath.Followed[Flow]);
        Begin(Flow with { Protocol = IpProtocol.Udp });
        Assert.Equal(Two.Idle, W.Daemon.Datapath.Followed[Flow with { Protocol = IpProtocol.Udp }]);
    }

    [Fact]
    public void L34_Its_latch_is_released_when_its_packets_tell_that_it_is_over_and_not_because_it_has_no_socket()
    {
        Begin(Flow);
        World.RunFor(TimeSpan.FromSeconds(10));
        Assert.True(Latch is { State: LatchState.Established });
        W.Daemon!.FlowEnded(Flow, FlowEnd.Closed);
        Until(() => Latch is null);
        Assert.Contains(W.Daemon.Raised, e => e.Kind == EventKind.LatchReleased && e.Text.Contains("both ends have closed it", StringComparison.Ordinal));
        Assert.Empty(W.Daemon.Datapath.Followed);
    }

    [Fact]
    public void S3_L28_Another_key_at_the_other_gateways_address_breaks_it_and_the_host_behind_this_one_is_told()
    {
        Begin(Flow);
        ReplaceC();
        var newcomer = Flow.Reversed with { LocalPort = 40_001 };
        D.Daemon!.OutboundFlowUnknown(newcomer, midway: false);
        Until(() => Latch is { State: LatchState.Broken });
        Assert.Equal(nameof(BreakReason.PeerReplaced), Latch!.Reason);
        Assert.Contains(World.Trace.Lines(), line => line.Contains(nameof(NotifyFlow), StringComparison.Ordinal) && line.Contains("10.1.0.5", StringComparison.Ordinal));
    }

    /// <summary>With whom it began is not known: it must not go on with whoever is there now.</summary>
    [Fact]
    public void A_connection_that_was_not_seen_to_begin_is_not_latched_and_its_host_is_told()
    {
        W.Daemon!.OutboundFlowUnknown(Flow, midway: true);
        World.RunFor(Soon);
        Assert.Null(Latch);
        Assert.Contains(World.Trace.Lines(), line => line.Contains(nameof(NotifyFlow), StringComparison.Ordinal));
        Assert.Contains(World.Trace.Lines(), line => line.Contains(nameof(DropReason.BeginningNotSeen), StringComparison.Ordinal));
    }

    [Fact]
    public void No_more_are_latched_than_the_entry_says_until_one_is_over()
    {
        Begin(Flow);
        Begin(Flow with { LocalPort = 7001 });
        Ask(Flow with { LocalPort = 7002 });
        Assert.Equal(2, W.Daemon!.Engine.Latches().Count(latch => latch.IsForwarded));
        Assert.Contains(World.Trace.Lines(), line => line.Contains(nameof(DropReason.ForwardedFlowsFull), StringComparison.Ordinal));
        W.Daemon.FlowEnded(Flow, FlowEnd.Idle);
        World.RunFor(TimeSpan.FromSeconds(1));
        Begin(Flow with { LocalPort = 7002 });
    }

    [Fact]
    public void S15_L14_A_restarted_daemon_goes_on_with_it_and_follows_it()
    {
        Begin(Flow);
        W.KillDaemon();
        W.StartDaemon();
        World.RunFor(TimeSpan.FromSeconds(10));
        Assert.True(Latch is { State: LatchState.Established, IsForwarded: true });
        Assert.Contains(Flow, W.Daemon!.Datapath.Followed.Keys);
    }

    [Fact]
    public void L29_An_entry_that_forwards_nothing_any_more_breaks_it()
    {
        Begin(Flow);
        W.ChangePolicy(Standard.Policy(Forwarded with { Forwarding = null }));
        Until(() => Latch is { State: LatchState.Broken, Reason: nameof(BreakReason.PolicyChanged) });
    }

    [Fact]
    public void The_lost_outer_address_of_its_tunnel_breaks_it_and_its_own_address_is_none_of_this_hosts()
    {
        Begin(Flow);
        W.Daemon!.Ask(now => W.Daemon.Engine.HandleLocalAddresses(now, [InetPrefix.Of(InetAddress.Parse("192.0.2.77"))]));
        Until(() => Latch is { State: LatchState.Broken, Reason: nameof(BreakReason.LocalAddressLost) });
        Assert.DoesNotContain(World.Trace.Lines(), line => line.Contains(nameof(DeliverToLostAddresses), StringComparison.Ordinal));
    }

    [Fact]
    public void A_flow_of_this_hosts_own_address_is_as_any_other()
    {
        W.TakeOver(Flow.Local);
        W.Daemon!.OutboundFlowUnknown(Flow, midway: true);
        Until(() => Latch is { State: LatchState.Established, IsForwarded: false });
        Assert.Empty(W.Daemon.Datapath.Followed);
    }

    private void Ask(FlowKey flow)
    {
        W.Daemon!.OutboundFlowUnknown(flow, midway: false);
        World.RunFor(TimeSpan.FromSeconds(1));
    }

    private void Begin(FlowKey flow)
    {
        Ask(flow);
        Assert.Contains(W.Daemon!.Engine.Latches(), latch => latch.Flow == flow && latch.State == LatchState.Established);
    }
}
