using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class BackToBackTests
{
    private static readonly bool[] Both = [true, false];

    public static TheoryData<int, bool, Encapsulation, bool> Kinds => [..
        from algorithm in Enumerable.Range(0, Algorithms.Aeads.Count)
        from esn in Both
        from encapsulation in Enum.GetValues<Encapsulation>()
        from v6 in Both
        select new TheoryDataRow<int, bool, Encapsulation, bool>(algorithm, esn, encapsulation, v6)];

    /// <summary>The receiver would not take it: it is said where it can be seen, at the sender.</summary>
    [Theory]
    [InlineData(false, IpProtocol.IpInIp)]
    [InlineData(false, IpProtocol.Ipv6)]
    [InlineData(true, IpProtocol.IpInIp)]
    [InlineData(true, IpProtocol.Ipv6)]
    public void A_packet_within_a_packet_is_dropped_and_counted(bool v6, IpProtocol protocol)
    {
        using var pair = new Pair(v6);
        var flow = pair.Udp with { Protocol = protocol, LocalPort = 0, RemotePort = 0 };
        pair.C.Datapath.Bind(flow, Host.Channel);
        var packet = Packets.Udp(pair.Udp, 40);
        packet[v6 ? 6 : 9] = (byte)protocol;
        pair.C.Send(packet);
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.UnsupportedProtocol));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_packet_arrives_as_it_was_sent(int algorithm, bool esn, Encapsulation encapsulation, bool v6)
    {
        using var pair = new Pair(v6, Algorithms.Aeads[algorithm], esn, encapsulation);
        for (var payload = 0; payload < 9; payload++)
        {
            var packet = Packets.Tcp(pair.Tcp, TcpFlags.Ack, seq: 5, ack: 6, payload);
            pair.C.Send(packet);
            Assert.Equal(1, pair.C.CarryTo(pair.W));
            Assert.Equal(Packets.Essence(packet), Packets.Essence(Assert.Single(pair.W.Delivered())));
        }

        Assert.All(pair.W.Datapath.Drops.Values.Concat(pair.C.Datapath.Drops.Values), count => Assert.Equal(0, count));
        Assert.Single(pair.W.Events.Take(), "first 4097 channel 1");
    }

    [Fact]
    public void A_replayed_packet_is_dropped()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Udp(pair.Udp));
        var sent = Assert.Single(pair.C.Udp.TakeSent()).Octets;
        pair.W.Receive(sent, pair.C.Address);
        pair.W.Receive(sent, pair.C.Address);
        Assert.Single(pair.W.Delivered());
        Assert.Equal(1, pair.W.Drops(DropReason.Replayed));
    }

    [Fact]
    public void A_changed_bit_is_noticed_and_does_not_move_the_replay_window()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Udp(pair.Udp));
        var sent = Assert.Single(pair.C.Udp.TakeSent()).Octets;
        var forged = sent.ToArray();
        forged[^1] ^= 1;
        pair.W.Receive(forged, pair.C.Address);
        Assert.Equal(1, pair.W.Drops(DropReason.IntegrityFailed));
        pair.W.Receive(sent, pair.C.Address);
        Assert.Single(pair.W.Delivered());
    }

    [Fact]
    public void Extended_sequence_numbers_go_past_the_32_bit_border()
    {
        using var pair = new Pair(esn: true);
        const ulong Start = uint.MaxValue - 3UL;
        pair.C.Datapath.SetSequence(SaDirection.Outbound, Pair.SpiToW, Start);
        pair.W.Datapath.SetSequence(SaDirection.Inbound, Pair.SpiToW, Start);
        for (var i = 0; i < 10; i++)
        {
            pair.C.Send(Packets.Udp(pair.Udp));
        }

        Assert.Equal(10, pair.C.CarryTo(pair.W));
        Assert.Equal(10, pair.W.Delivered().Count);
        Assert.Contains(pair.W.Datapath.Sas(), sa => sa.Sequence == Start + 10);
    }

    [Fact]
    public void Short_sequence_numbers_never_cycle()
    {
        using var pair = new Pair(esn: false);
        pair.C.Datapath.SetSequence(SaDirection.Outbound, Pair.SpiToW, uint.MaxValue - 1UL);
        pair.C.Send(Packets.Udp(pair.Udp), Packets.Udp(pair.Udp));
        Assert.Single(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.SequenceExhausted));
        Assert.Contains("worn Outbound 4097 channel 1", pair.C.Events.Take());
    }

    [Fact]
    public void Of_two_outbound_sas_the_newest_is_used_and_after_its_removal_the_older()
    {
        using var pair = new Pair();
        pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x3003);
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.Equal(0x03, Assert.Single(pair.C.Udp.TakeSent()).Octets[3]);
        pair.C.Datapath.Remove(SaDirection.Outbound, Host.Channel, 0x3003);
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.Equal(1, pair.C.CarryTo(pair.W));
        Assert.Single(pair.W.Delivered());
    }
}
