using CsCheck;
using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class InboundTests
{
    private static readonly InetAddress Stranger = InetAddress.Parse("203.0.113.9");

    [Fact]
    public void Ike_messages_lose_their_marker_and_keepalives_vanish()
    {
        using var host = new Host(InetAddress.Parse("192.0.2.1"));
        host.Receive([0, 0, 0, 0, 1, 2, 3], Stranger);
        host.Receive([0xFF], Stranger);
        Assert.Equal([1, 2, 3], Assert.Single(host.Events.IkeDatagrams));
        Assert.All(host.Datapath.Drops.Values, count => Assert.Equal(0, count));
    }

    [Fact]
    public void Protocol_50_has_no_markers()
    {
        using var host = new Host(InetAddress.Parse("192.0.2.1"));
        host.Receive([0, 0, 0, 0, 1, 2, 3, 4], Stranger, Encapsulation.Esp);
        host.Receive([0xFF], Stranger, Encapsulation.Esp);
        Assert.Equal(2, host.Drops(DropReason.Malformed));
    }

    [Fact]
    public void Complaints_about_unknown_spis_are_limited_for_each_source_and_in_all()
    {
        using var host = new Host(InetAddress.Parse("192.0.2.1"));
        var packet = new byte[64];
        packet[3] = 9;
        host.Receive(packet, Stranger);
        host.Receive(packet, Stranger);
        Assert.Equal(["spi 9 203.0.113.9 Udp"], host.Events.Take());
        host.Now += TimeSpan.FromSeconds(1);
        host.Receive(packet, Stranger);
        Assert.Single(host.Events.Take());

        for (uint i = 0; i < 5000; i++)
        {
            host.Receive(packet, InetAddress.FromV4(i));
        }

        Assert.InRange(host.Events.Take().Count, 1, 2048);
        Assert.Equal(5003, host.Drops(DropReason.UnknownSpi));
    }

    [Fact]
    public void Every_hostile_packet_is_counted_once_and_delivers_nothing()
    {
        using var pair = new Pair();
        long sent = 0;
        var spi = Gen.OneOf(Gen.Const(Pair.SpiToW), Gen.UInt[1, uint.MaxValue]);
        Gen.Select(spi, Gen.UInt, Gen.Byte.Array[0, 100], Gen.Bool).Sample(
            (named, sequence, body, cut) =>
            {
                var packet = new byte[8 + body.Length];
                EspView.WriteHeader(packet, named, sequence);
                body.CopyTo(packet, 8);
                packet = cut ? packet[..(packet.Length * 2 / 3)] : packet;
                pair.W.Receive(packet, pair.C.Address);
                sent++;
            },
            iter: 5000, threads: 1);
        Assert.Empty(pair.W.Delivered());
        Assert.Equal(sent, pair.W.Datapath.Drops.Values.Sum());
    }

    [Fact]
    public void Every_hostile_local_packet_is_counted_held_or_dropped()
    {
        using var host = new Host(InetAddress.Parse("192.0.2.1"), new() { MaximumFlows = 100 });
        Gen.Select(Gen.Byte, Gen.Byte.Array[0, 100]).Sample(
            (first, rest) =>
            {
                byte[] packet = [(byte)(first % 2 == 0 ? 0x45 : 0x60), .. rest];
                if (packet.Length > 5)
                {
                    (packet[2], packet[3], packet[4], packet[5]) = (0, (byte)packet.Length, 0, (byte)Math.Max(0, packet.Length - 40));
                }

                host.Send(packet);
            },
            iter: 5000, threads: 1);
        Assert.Empty(host.Udp.TakeSent());
        Assert.InRange(host.Datapath.Flows(1000).Count, 0, 100);
    }
}
