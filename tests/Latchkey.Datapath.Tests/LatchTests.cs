using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class LatchTests
{
    [Fact]
    public void L5_a_good_packet_under_an_sa_of_another_channel_is_dropped()
    {
        using var pair = new Pair();
        pair.W.Install(SaDirection.Inbound, pair.C.Address, 0x4004, channel: new ChannelId(2));
        pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x4004);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        Assert.Equal(1, pair.C.CarryTo(pair.W));
        Assert.Empty(pair.W.Delivered());
        Assert.Equal(1, pair.W.Drops(DropReason.LatchMismatch));
    }

    [Fact]
    public void L27_a_packet_under_an_sa_of_another_channel_is_told_once_a_second()
    {
        using var pair = new Pair();
        pair.W.Install(SaDirection.Inbound, pair.C.Address, 0x4004, channel: new ChannelId(2));
        pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x4004);
        for (var i = 0; i < 3; i++)
        {
            pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
            pair.C.CarryTo(pair.W);
        }

        var told = $"of another {pair.Tcp.Reversed} channel 2";
        Assert.Single(pair.W.Events.Take(), told);
        pair.W.Pass(1000);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        pair.C.CarryTo(pair.W);
        Assert.Single(pair.W.Events.Take(), told);
    }

    [Fact]
    public void L4_a_flow_is_never_sent_under_an_sa_of_another_channel()
    {
        using var pair = new Pair();
        pair.C.Datapath.Remove(SaDirection.Outbound, Host.Channel, Pair.SpiToW);
        pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x4004, channel: new ChannelId(2));
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Contains($"missing {pair.Tcp} channel 1", pair.C.Events.Take());
    }

    [Fact]
    public void L12_a_flow_cannot_be_tied_to_another_channel()
    {
        using var pair = new Pair();
        Assert.Throws<InvalidOperationException>(() => pair.C.Datapath.Bind(pair.Tcp, new ChannelId(2)));
        pair.C.Datapath.Block(pair.Tcp, DropReason.LatchBroken);
        Assert.Throws<InvalidOperationException>(() => pair.C.Datapath.Bind(pair.Tcp, new ChannelId(2)));
        pair.C.Datapath.Forget(pair.Tcp);
        pair.C.Datapath.Bind(pair.Tcp, new ChannelId(2));
    }

    [Fact]
    public void L36_a_blocked_flow_moves_in_neither_direction()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        pair.W.Datapath.Block(pair.Tcp.Reversed, DropReason.LatchBroken);
        pair.C.CarryTo(pair.W);
        pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Ack, payload: 5));
        Assert.Empty(pair.W.Delivered());
        Assert.Empty(pair.W.Udp.TakeSent());
        Assert.Equal(2, pair.W.Drops(DropReason.LatchBroken));
    }

    [Fact]
    public void A_flow_whose_channel_was_forgotten_meanwhile_is_sent_under_its_new_sa()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        Assert.Single(pair.C.Udp.TakeSent());
        pair.C.Datapath.Block(pair.Tcp, DropReason.LatchBroken);
        pair.C.Datapath.Forget(pair.Udp);
        pair.C.Datapath.Remove(SaDirection.Inbound, Host.Channel, Pair.SpiToC);
        pair.C.Datapath.Remove(SaDirection.Outbound, Host.Channel, Pair.SpiToW);

        pair.C.InstallPair(pair.W.Address, mine: 0x5005, theirs: 0x4004);
        pair.C.Datapath.Bind(pair.Tcp, Host.Channel);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack));
        Assert.Equal([0, 0, 0x40, 0x04], Assert.Single(pair.C.Udp.TakeSent()).Octets[..4]);
    }

    [Fact]
    public void Blocking_drops_what_is_held()
    {
        using var pair = new Pair(bind: false);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Syn));
        pair.C.Datapath.Block(pair.Tcp, DropReason.PolicyRefused);
        pair.C.Datapath.Bind(pair.Tcp, Host.Channel);
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.PolicyRefused));
    }

    [Fact]
    public void A_packet_outside_its_sas_selectors_is_dropped()
    {
        using var pair = new Pair();
        pair.W.Install(
            SaDirection.Inbound, pair.C.Address, 0x4004,
            selectors: SelectorSet.Of(
                TrafficSelector.For(InetPrefix.Of(pair.W.Address), 6, 179, 179), TrafficSelector.For(InetPrefix.Of(pair.C.Address), 6)));
        pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x4004);
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack), Packets.Udp(pair.Udp));
        pair.C.CarryTo(pair.W);
        Assert.Single(pair.W.Delivered());
        Assert.Equal(1, pair.W.Drops(DropReason.SelectorMismatch));
    }
}
