using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>The local socket of a broken flow learns of it; the wire does not.</summary>
public class BreakTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_socket_whose_state_is_known_is_reset_exactly(bool v6)
    {
        using var pair = Established(v6, out var flow);
        var socket = new TcpSocketModel(flow, sendNext: 1000, receiveNext: 5000);
        Break(pair.C, flow);
        Talk(pair.C, socket);
        Assert.Equal((TcpSocketModel.State.Reset, 0), (socket.Now, socket.ChallengeAcks));
        Assert.Empty(pair.C.Udp.TakeSent());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_guess_in_the_window_draws_a_challenge_ack_that_is_swallowed_and_makes_the_reset_exact(bool v6)
    {
        using var pair = Established(v6, out var flow);
        // The socket dropped what it was given last: its RCV.NXT lies before what was delivered.
        var socket = new TcpSocketModel(flow, sendNext: 1000, receiveNext: 4990);
        Break(pair.C, flow);
        Talk(pair.C, socket);
        Assert.Equal((TcpSocketModel.State.Reset, 1), (socket.Now, socket.ChallengeAcks));
        Assert.Equal(1, pair.C.Drops(DropReason.NoticeAnswer));
        Assert.Empty(pair.C.Udp.TakeSent());
    }

    [Fact]
    public void What_was_delivered_and_not_yet_acknowledged_counts()
    {
        using var pair = Established(v6: false, out var flow);
        pair.W.Send(Packets.Tcp(flow.Reversed, TcpFlags.Ack, seq: 5000, ack: 1000, payload: 77));
        pair.W.CarryTo(pair.C);
        pair.C.Delivered();
        var socket = new TcpSocketModel(flow, sendNext: 1000, receiveNext: 5077);
        Break(pair.C, flow);
        Talk(pair.C, socket);
        Assert.Equal((TcpSocketModel.State.Reset, 0), (socket.Now, socket.ChallengeAcks));
    }

    [Fact]
    public void The_reset_is_tried_again_while_challenges_are_held_back_and_then_no_more()
    {
        using var pair = Established(v6: false, out var flow);
        var socket = new TcpSocketModel(flow, sendNext: 1000, receiveNext: 4990) { HoldsBackChallenges = true };
        Break(pair.C, flow);
        Talk(pair.C, socket);
        pair.C.Pass(650);
        socket.HoldsBackChallenges = false;
        Talk(pair.C, socket);
        Assert.Equal(TcpSocketModel.State.Reset, socket.Now);
        pair.C.Pass(5000);
        Assert.Empty(pair.C.Delivered());
    }

    [Fact]
    public void Tries_at_a_silent_socket_are_bounded()
    {
        using var pair = Established(v6: false, out var flow);
        Break(pair.C, flow);
        for (var i = 0; i < 100; i++)
        {
            pair.C.Pass(700);
        }

        Assert.Equal(4, pair.C.Delivered().Count);
    }

    [Fact]
    public void L14_A_socket_nothing_is_known_of_is_asked_for_its_number_and_reset_though_it_is_idle()
    {
        using var pair = new Pair();
        var socket = new TcpSocketModel(pair.Tcp, sendNext: 10, receiveNext: 20);
        Break(pair.C, pair.Tcp);
        Talk(pair.C, socket);
        Assert.Equal((TcpSocketModel.State.Reset, 1), (socket.Now, socket.ChallengeAcks));
        Assert.Empty(pair.C.Udp.TakeSent());
    }

    [Fact]
    public void A_socket_that_does_not_answer_is_reset_when_it_speaks()
    {
        using var pair = new Pair();
        var socket = new TcpSocketModel(pair.Tcp, sendNext: 10, receiveNext: 20) { HoldsBackChallenges = true };
        Break(pair.C, pair.Tcp);
        Talk(pair.C, socket);
        Assert.Equal(TcpSocketModel.State.Established, socket.Now);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, seq: 10, ack: 20, payload: 4));
        Talk(pair.C, socket);
        Assert.Equal(TcpSocketModel.State.Reset, socket.Now);
        Assert.Empty(pair.C.Udp.TakeSent());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connecting_socket_is_refused(bool v6)
    {
        using var pair = new Pair(v6, bind: false);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Syn, seq: 900));
        var socket = TcpSocketModel.Connecting(pair.Tcp, iss: 900);
        Break(pair.C, pair.Tcp);
        Talk(pair.C, socket);
        Assert.Equal(TcpSocketModel.State.Refused, socket.Now);
    }

    [Fact]
    public void A_half_open_connection_of_a_listener_is_reset()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Syn, seq: 70));
        pair.C.CarryTo(pair.W);
        pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Syn | TcpFlags.Ack, seq: 300, ack: 71));
        pair.W.Delivered();
        var socket = new TcpSocketModel(pair.Tcp.Reversed, sendNext: 301, receiveNext: 71);
        Break(pair.W, pair.Tcp.Reversed);
        Talk(pair.W, socket);
        Assert.Equal(TcpSocketModel.State.Reset, socket.Now);
    }

    [Theory]
    [InlineData(false, "Icmp")]
    [InlineData(true, "Icmp6")]
    public void A_udp_socket_is_told_that_the_port_is_unreachable(bool v6, string protocol)
    {
        using var pair = new Pair(v6);
        pair.C.Datapath.Block(pair.Udp, DropReason.LatchBroken);
        pair.C.Datapath.Notify(pair.Udp, FlowNotice.Unreachable);
        var packet = Assert.Single(pair.C.Delivered());
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(packet, out var read));
        Assert.Equal((protocol, pair.W.Address, pair.C.Address), (read.Protocol.ToString(), read.Source, read.Destination));
        Assert.True(IcmpView.TryCreate(packet.AsSpan(read.UpperOffset), out var icmp));
        Assert.True(v6 ? icmp.HasValidChecksumV6(read.Source, read.Destination) : icmp.HasValidChecksumV4);
        Assert.Equal(v6 ? (1, 4) : (3, 3), (icmp.Type, icmp.Code));
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(icmp.Body, out var quoted));
        Assert.Equal(pair.Udp, quoted.OutboundFlow);
    }

    [Fact]
    public void A_socket_is_not_told_before_its_flow_is_blocked()
    {
        using var pair = new Pair();
        Assert.Throws<InvalidOperationException>(() => pair.C.Datapath.Notify(pair.Tcp, FlowNotice.Reset));
    }

    /// <summary>A connection of C whose socket has sent up to 1000 and acknowledged up to 5000.</summary>
    private static Pair Established(bool v6, out FlowKey flow)
    {
        var pair = new Pair(v6);
        flow = pair.Tcp;
        pair.C.Send(Packets.Tcp(flow, TcpFlags.Ack, seq: 990, ack: 5000, payload: 10));
        pair.C.CarryTo(pair.W);
        return pair;
    }

    private static void Break(Host host, FlowKey flow)
    {
        host.Datapath.Block(flow, DropReason.LatchBroken);
        host.Datapath.Notify(flow, FlowNotice.Reset);
    }

    /// <summary>Carries packets between the datapath and its local socket until both are silent.</summary>
    private static void Talk(Host host, TcpSocketModel socket)
    {
        for (var delivered = host.Delivered(); delivered.Count > 0; delivered = host.Delivered())
        {
            foreach (var answer in delivered.Select(socket.Take).OfType<byte[]>())
            {
                host.Send(answer);
            }
        }
    }
}
