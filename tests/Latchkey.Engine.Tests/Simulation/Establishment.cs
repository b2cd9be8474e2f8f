using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>How a latch comes to be, or does not, and what the ends learn of it (RFC 5660 §2.3 and §4).</summary>
public sealed class Establishment
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void L32_A_first_packet_for_which_there_can_be_no_latch_is_rejected_and_reaches_no_listener()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var stranger = theatre.Served.Flow with { RemotePort = 4711 };
        var listeners = theatre.World.Sockets.Count(socket => socket.Host == theatre.W);

        // As if a packet had come under an SA that is gone: its channel is nobody's.
        theatre.W.Daemon!.InboundFlowUnknown(stranger, new ChannelId(4711), spi: 4711, midway: true);
        theatre.World.RunFor(Soon);
        Assert.Null(theatre.W.Daemon.Datapath.ChannelOf(stranger));
        Assert.DoesNotContain(theatre.W.Daemon.Engine.Latches(), latch => latch.Flow == stranger);
        Assert.Equal(listeners, theatre.World.Sockets.Count(socket => socket.Host == theatre.W));
    }

    [Fact]
    public void L33_A_connection_for_which_no_latch_can_be_made_is_refused_to_its_application()
    {
        using var theatre = new Theatre();
        theatre.W.ChangePolicy(Standard.Policy(Standard.Service with { Trust = TrustLevel.Known }));
        var socket = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => !socket.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Refused, socket.Outcome);
        Assert.Contains(theatre.C.Daemon!.Raised, e => e is { Kind: EventKind.NegotiationFailed, Reason: nameof(ClosedReason.NegotiationFailed) } && e.Flow == socket.Flow);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L43_Both_ends_that_begin_at_the_same_moment_end_up_with_their_latches(bool v6)
    {
        using var theatre = new Theatre(v6);
        var fromC = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        var fromW = theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        fromC.Write(1000);
        fromW.Write(2000);
        Assert.True(theatre.World.RunUntil(
            () => theatre.World.Socket(fromC.Peer)?.Read == 1000 && theatre.World.Socket(fromW.Peer)?.Read == 2000, Soon));
        foreach (var host in new[] { theatre.W, theatre.C })
        {
            var latches = host.Daemon!.Engine.Latches().Where(latch => latch.State == LatchState.Established).ToList();
            Assert.Equal(2, latches.Count);
            Assert.Single(latches.Select(latch => latch.PeerKey).Distinct());
            Assert.DoesNotContain(host.Daemon.Raised, e => e.Kind == EventKind.LatchBroken);
        }
    }

    [Fact]
    public void L43_Ends_that_begin_at_the_same_moment_and_do_not_agree_get_no_latch()
    {
        using var theatre = new Theatre();
        theatre.W.ChangePolicy(Standard.Policy(Standard.Service with { Trust = TrustLevel.Known }));
        var fromC = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        var fromW = theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        theatre.World.RunFor(Soon);
        Assert.False(fromC.IsEstablished);
        Assert.False(fromW.IsEstablished);
        Assert.DoesNotContain(theatre.W.Daemon!.Engine.Latches(), latch => latch.State == LatchState.Established);
    }

    /// <summary>W's policy has room for one flow of C's, and C asks for more: what it gets is for that one, whichever it needs.</summary>
    [Fact]
    public void L33_What_the_peer_narrows_to_another_flow_is_not_asked_for_again_and_again()
    {
        using var theatre = new Theatre();
        theatre.W.ChangePolicy(Standard.Policy(Standard.Service with { Ports = [new PortPair(new PortRange(TcpStack.ServicePort, TcpStack.ServicePort), new PortRange(9, 9))] }));
        var socket = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => !socket.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Refused, socket.Outcome);
        Assert.Single(theatre.C.Daemon!.Raised, e => e.Kind == EventKind.ChildSaEstablished);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.ChildRefused);
    }

    [Fact]
    public void L23_Only_a_connection_that_waits_for_its_channel_is_told_to_wait()
    {
        using var theatre = new Theatre();
        var first = Connect(theatre);
        var second = Connect(theatre);
        Assert.Equal([EventKind.LatchLarval, EventKind.LatchEstablished], KindsOf(first));
        Assert.Equal([EventKind.LatchEstablished], KindsOf(second));

        IEnumerable<EventKind> KindsOf(FlowKey flow) => theatre.C.Daemon!.Raised.Where(e => e.Flow == flow).Select(e => e.Kind);
    }

    private static FlowKey Connect(Theatre theatre)
    {
        var socket = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => socket.IsEstablished, Soon));
        return socket.Flow;
    }
}
