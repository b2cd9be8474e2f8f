using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>DSCP and explicit congestion notification through a tunnel: RFC 4301 §5.1.2.1, and RFC 6040 in its normal mode.</summary>
public sealed class CongestionTests : IDisposable
{
    private const byte Expedited = 0xB8;
    private const uint SpiToW = 0x1001;
    private static readonly FlowKey Inner = new(IpProtocol.Tcp, InetAddress.Parse("10.2.0.7"), 40_000, InetAddress.Parse("10.1.0.1"), 179);
    private static readonly FlowKey InnerV6 = new(IpProtocol.Tcp, InetAddress.Parse("fd00:2::7"), 40_000, InetAddress.Parse("fd00:1::1"), 179);

    private readonly Host _w = new(InetAddress.Parse("192.0.2.1"));
    private readonly Host _c = new(InetAddress.Parse("192.0.2.2"));

    // Not-ECT, ECT(0), ECT(1) and CE as they stand in figure 4 of RFC 6040, with the two bits of RFC 3168 §5; null is "drop".
    private static readonly (byte Inner, byte?[] Leaving)[] Figure4 =
    [
        (0b00, [0b00, 0b00, 0b00, null]),
        (0b10, [0b10, 0b10, 0b01, 0b11]),
        (0b01, [0b01, 0b01, 0b01, 0b11]),
        (0b11, [0b11, 0b11, 0b11, 0b11]),
    ];

    private static readonly byte[] OuterOfFigure4 = [0b00, 0b10, 0b01, 0b11];

    public static TheoryData<byte, byte, byte?, bool> Marks
    {
        get
        {
            var marks = new TheoryData<byte, byte, byte?, bool>();
            foreach (var (inner, leaving) in Figure4)
            {
                for (var i = 0; i < 4; i++)
                {
                    marks.Add(inner, OuterOfFigure4[i], leaving[i], false);
                    marks.Add(inner, OuterOfFigure4[i], leaving[i], true);
                }
            }

            return marks;
        }
    }

    [Theory]
    [MemberData(nameof(Marks))]
    public void RFC6040_4_2_What_routers_marked_on_the_outer_header_is_told_inside(byte inner, byte outer, byte? leaving, bool v6)
    {
        Install(v6);
        _c.Send(Packet(v6, (byte)(Expedited | inner)));
        var sent = Assert.Single(_c.Udp.TakeSent());

        // A router may change the DSCP as well: the inner one stays (RFC 2983 §4).
        _w.Receive(sent.Octets, _c.Address, trafficClass: outer);
        if (leaving is { } mark)
        {
            Assert.Equal(Packet(v6, (byte)(Expedited | mark)), Assert.Single(_w.Delivered()));
        }
        else
        {
            Assert.Empty(_w.Delivered());
        }

        Assert.Equal(leaving is null ? 1 : 0, _w.Drops(DropReason.CongestionNotUnderstood));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void RFC6040_4_1_The_outer_header_begins_with_what_the_inner_one_says(byte mark, bool v6)
    {
        Install(v6);
        _c.Send(Packet(v6, (byte)(Expedited | mark)));
        Assert.Equal(Expedited | mark, Assert.Single(_c.Udp.TakeSent()).TrafficClass);
    }

    [Fact]
    public void A_train_ends_where_the_outer_header_changes()
    {
        Install(v6: false);
        _c.Send(Packet(v6: false, 2), Packet(v6: false, 2), Packet(v6: false, 3), Packet(v6: false, 2));
        Assert.Equal([2, 1, 1], _c.Udp.Trains);
        Assert.Equal([2, 2, 3, 2], _c.Udp.TakeSent().Select(p => (int)p.TrafficClass));
    }

    /// <summary>In transport mode the outer header is the packet's own, made by the kernel; a mark on it concerns nobody inside.</summary>
    [Fact]
    public void Transport_mode_takes_no_notice()
    {
        using var pair = new Pair();
        var packet = Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 10);
        TrafficClass.Set(packet, Expedited | 2);
        pair.C.Send(packet);
        var sent = Assert.Single(pair.C.Udp.TakeSent());
        Assert.Equal(0, sent.TrafficClass);
        pair.W.Receive(sent.Octets, pair.C.Address, trafficClass: 3);
        Assert.Single(pair.W.Delivered());
    }

    public void Dispose()
    {
        _w.Dispose();
        _c.Dispose();
    }

    private static byte[] Packet(bool v6, byte trafficClass)
    {
        var packet = Packets.Tcp(v6 ? InnerV6 : Inner, TcpFlags.Ack, seq: 5, ack: 6, payload: 100);
        if (Ipv4View.TryCreate(packet, out var v4))
        {
            (Ipv4Header.From(v4) with { TypeOfService = trafficClass }).Write(packet, packet.Length - 20);
        }
        else if (Ipv6View.TryCreate(packet, out var six))
        {
            (Ipv6Header.From(six) with { TrafficClass = trafficClass }).Write(packet, packet.Length - 40);
        }

        return packet;
    }

    private void Install(bool v6)
    {
        var (flow, all) = v6 ? (InnerV6, TrafficSelector.For(new InetPrefix(InetAddress.AnyV6, 0), 0)) : (Inner, TrafficSelector.For(new InetPrefix(InetAddress.AnyV4, 0), 0));
        _c.Install(SaDirection.Outbound, _w.Address, SpiToW, selectors: SelectorSet.Of(all, all), tunnel: true);
        _w.Install(SaDirection.Inbound, _c.Address, SpiToW, selectors: SelectorSet.Of(all, all), tunnel: true);
        _c.Datapath.Bind(flow, Host.Channel);
        _w.Datapath.Bind(flow.Reversed, Host.Channel);
    }
}
