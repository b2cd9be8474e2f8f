using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class HoldTests
{
    [Fact]
    public void The_first_packets_of_a_flow_wait_for_the_answer_and_leave_in_order()
    {
        using var pair = new Pair(bind: false);
        var packets = Enumerable.Range(0, 3).Select(i => Packets.Tcp(pair.Tcp, TcpFlags.Ack, seq: (uint)i)).ToArray();
        pair.C.Send(packets);
        Assert.Equal([$"outbound {pair.Tcp}"], pair.C.Events.Take());
        Assert.Empty(pair.C.Udp.TakeSent());

        pair.C.Datapath.Bind(pair.Tcp, Host.Channel);
        pair.C.CarryTo(pair.W);
        Assert.Equal(["first 4097 channel 1", $"inbound {pair.Tcp.Reversed} channel 1"], pair.W.Events.Take());
        Assert.Empty(pair.W.Delivered());

        pair.W.Datapath.Bind(pair.Tcp.Reversed, Host.Channel);
        Assert.Equal(packets.Select(Packets.Essence), pair.W.Delivered().Select(Packets.Essence));
    }

    [Fact]
    public void A_bound_flow_without_sa_waits_for_one()
    {
        using var pair = new Pair();
        pair.C.Datapath.Remove(SaDirection.Outbound, Host.Channel, Pair.SpiToW);
        pair.C.Send(Packets.Udp(pair.Udp), Packets.Udp(pair.Udp));
        Assert.Equal([$"missing {pair.Udp} channel 1"], pair.C.Events.Take());
        pair.C.Install(SaDirection.Outbound, pair.W.Address, Pair.SpiToW);
        Assert.Equal(2, pair.C.CarryTo(pair.W));
        Assert.Equal(2, pair.W.Delivered().Count);
    }

    [Fact]
    public void An_unanswered_question_is_asked_again_after_a_second_when_packets_still_come()
    {
        using var pair = new Pair(bind: false);
        pair.C.Send(Packets.Udp(pair.Udp));
        pair.C.Pass(900);
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.Single(pair.C.Events.Take());
        pair.C.Pass(200);
        Assert.Empty(pair.C.Events.Take());
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.Single(pair.C.Events.Take());
    }

    [Fact]
    public void Held_packets_are_bounded_and_expire()
    {
        using var pair = new Pair(bind: false);
        for (var i = 0; i < 40; i++)
        {
            pair.C.Send(Packets.Udp(pair.Udp));
        }

        Assert.Equal(8, pair.C.Drops(DropReason.HoldQueueFull));
        pair.C.Pass(5000);
        Assert.Equal(32, pair.C.Drops(DropReason.HoldExpired));
        Assert.Empty(pair.C.Datapath.Flows(10));
        pair.C.Datapath.Bind(pair.Udp, Host.Channel);
        Assert.Empty(pair.C.Udp.TakeSent());
    }

    [Fact]
    public void A_full_table_gives_up_undecided_flows_but_never_decided_ones()
    {
        using var host = new Host(InetAddress.Parse("192.0.2.1"), new() { MaximumFlows = 2 });
        FlowKey Flow(ushort port) => new(IpProtocol.Udp, host.Address, port, InetAddress.Parse("192.0.2.2"), 9);
        host.Datapath.Block(Flow(1), DropReason.LatchBroken);
        host.Send(Packets.Udp(Flow(2)), Packets.Udp(Flow(3)));
        Assert.Equal([Flow(1), Flow(3)], host.Datapath.Flows(10).Select(f => f.Flow).OrderBy(f => f.LocalPort));
        Assert.Equal(1, host.Drops(DropReason.FlowTableFull));
        host.Datapath.Block(Flow(3), DropReason.LatchBroken);
        host.Send(Packets.Udp(Flow(4)));
        Assert.Equal(2, host.Drops(DropReason.FlowTableFull));
    }
}
