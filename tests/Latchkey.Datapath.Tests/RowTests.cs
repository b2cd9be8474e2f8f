using CsCheck;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Packets that come together are looked up and judged together only where they are of one flow, under one SA, between the same ends.</summary>
public class RowTests
{
    private const uint SpiOfAnother = 0x3003;

    private readonly Dictionary<uint, ulong> _sequences = [];

    /// <summary>In transport mode the addresses are those of the outer header: the same SA and ports do not make the same flow.</summary>
    [Fact]
    public void The_next_datagram_from_another_address_is_of_another_flow()
    {
        using var pair = new Pair();
        pair.W.Udp.Put(Seal(Pair.SpiToW, Datagram(pair)), new(pair.W.Address, 4500), new(pair.C.Address, 4500));
        pair.W.Udp.Put(Seal(Pair.SpiToW, Datagram(pair)), new(pair.W.Address, 4500), new(InetAddress.Parse("198.51.100.9"), 4500));
        pair.W.ReceiveWaiting();
        Assert.Single(pair.W.Delivered());
        Assert.Equal(1, pair.W.Drops(DropReason.SelectorMismatch));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L5_A_packet_under_an_sa_of_another_channel_is_dropped_also_between_good_ones(bool first)
    {
        using var pair = new Pair();
        pair.W.Install(SaDirection.Inbound, pair.C.Address, SpiOfAnother, channel: new(2));
        uint[] spis = first ? [SpiOfAnother, Pair.SpiToW, Pair.SpiToW] : [Pair.SpiToW, SpiOfAnother, Pair.SpiToW];
        pair.W.ReceiveTrain([.. spis.Select(spi => Seal(spi, Datagram(pair)))], pair.C.Address);
        Assert.Equal(2, pair.W.Delivered().Count);
        Assert.Equal(1, pair.W.Drops(DropReason.LatchMismatch));
    }

    [Fact]
    public void Each_packet_that_no_selector_covers_is_counted()
    {
        using var pair = new Pair();
        var selectors = SelectorSet.Of(
            TrafficSelector.For(InetPrefix.Of(pair.W.Address), (byte)IpProtocol.Tcp), TrafficSelector.For(InetPrefix.Of(pair.C.Address), (byte)IpProtocol.Tcp));
        pair.W.Install(SaDirection.Inbound, pair.C.Address, SpiOfAnother, selectors: selectors);
        pair.W.ReceiveTrain([.. Enumerable.Range(0, 3).Select(_ => Seal(SpiOfAnother, Datagram(pair)))], pair.C.Address);
        Assert.Empty(pair.W.Delivered());
        Assert.Equal(3, pair.W.Drops(DropReason.SelectorMismatch));
    }

    /// <summary>
    /// Of packets of one train only the ports are read when the one before had the same ends. What becomes of each (delivered as it was,
    /// dropped and why, asked about) is what becomes of it when it comes by itself.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L5_A_train_of_many_flows_is_judged_as_its_packets_are_one_by_one(bool v6) =>
        Gen.Int[0, 7].Array[1, 40].Sample(
            flows => Assert.Equal(Judge(flows, v6, asTrain: false), Judge(flows, v6, asTrain: true)),
            iter: 200,
            threads: 1);

    /// <summary>RFC 3948 §3.1.2</summary>
    [Fact]
    public void Each_checksum_is_made_anew_where_a_NAT_is_on_the_way()
    {
        using var pair = new Pair();
        pair.W.Install(SaDirection.Inbound, pair.C.Address, SpiOfAnother, translated: true);
        var behind = Packets.Udp(pair.Udp with { Local = InetAddress.Parse("10.0.0.7") }, 40)[20..];
        pair.W.ReceiveTrain([.. Enumerable.Range(0, 3).Select(_ => Seal(SpiOfAnother, behind))], pair.C.Address);
        Assert.Equal(Enumerable.Repeat(Packets.Essence(Packets.Udp(pair.Udp, 40)), 3), pair.W.Delivered().Select(Packets.Essence));
    }

    /// <summary>Where the upper layer begins is found for each: what came with options says nothing about the next.</summary>
    [Fact]
    public void A_packet_without_options_behind_one_with_them_is_read_anew()
    {
        using var pair = new Pair(v6: true);
        var plain = Packets.Udp(pair.Udp, 40)[40..];
        byte[] extended = [(byte)IpProtocol.Udp, 0, 1, 4, 0, 0, 0, 0, .. plain];
        pair.W.ReceiveTrain([Seal(Pair.SpiToW, extended, IpProtocol.DestinationOptions), Seal(Pair.SpiToW, plain)], pair.C.Address);
        var delivered = pair.W.Delivered();
        Assert.Equal([IpProtocol.Udp, IpProtocol.Udp], delivered.Select(Protocol));
        Assert.Equal([extended, plain], delivered.Select(p => p[40..]));
        Assert.Equal([1, 1], pair.W.Tun.Trains);
    }

    /// <summary>
    /// What becomes of one packet after the other: of the flows 0 to 5, and two that nobody knows, under an SA that covers only port 9 of W (and so
    /// neither 2 nor 3).
    /// </summary>
    private List<string> Judge(int[] flows, bool v6, bool asTrain)
    {
        using var pair = new Pair(v6);
        _sequences.Clear();
        FlowKey Flow(int n) => new(
            n % 2 == 0 ? IpProtocol.Udp : IpProtocol.Tcp, pair.C.Address, (ushort)(50_000 + n), pair.W.Address, (ushort)(n / 2 == 1 ? 7 : 9));
        var selectors = SelectorSet.Of(
            TrafficSelector.For(InetPrefix.Of(pair.W.Address), TrafficSelector.AnyProtocol, startPort: 9, endPort: 9),
            TrafficSelector.For(InetPrefix.Of(pair.C.Address), TrafficSelector.AnyProtocol));
        pair.W.Install(SaDirection.Inbound, pair.C.Address, SpiOfAnother, selectors: selectors);
        for (var n = 0; n < 4; n++)
        {
            pair.W.Datapath.Bind(Flow(n).Reversed, Host.Channel);
        }

        pair.W.Datapath.Block(Flow(4).Reversed, DropReason.LatchBroken);
        pair.W.Datapath.Bind(Flow(5).Reversed, new(2));
        byte[][] packets = [.. flows.Select((n, i) => Seal(SpiOfAnother, Payload(Flow(n), i, last: i == flows.Length - 1), Flow(n).Protocol))];
        foreach (var group in asTrain ? [packets] : packets.Select(packet => new[] { packet }))
        {
            pair.W.ReceiveTrain(group, pair.C.Address);
        }

        return
        [
            .. pair.W.Delivered().Select(Packets.Essence),
            .. pair.W.Datapath.Drops.Where(drop => drop.Value > 0).Select(drop => $"{drop.Value} {drop.Key}"),
            .. pair.W.Events.Take(),
        ];
    }

    /// <summary>Payloads of one size, the last one shorter, each told from the others by what it holds.</summary>
    private static byte[] Payload(FlowKey flow, int number, bool last)
    {
        var size = 60 - (last ? 7 : 0);
        if (flow.Protocol == IpProtocol.Tcp)
        {
            return Packets.Payload(Packets.Tcp(flow, TcpFlags.Ack, seq: 1 + (40 * (uint)number), ack: 1, payload: size - TcpView.MinimumHeaderLength)).ToArray();
        }

        var packet = Packets.Udp(flow, size - UdpView.HeaderLength);
        packet[^1] = (byte)number;
        return Packets.Payload(packet).ToArray();
    }

    private static IpProtocol Protocol(byte[] octets)
    {
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(octets, out var packet));
        return packet.Protocol;
    }

    private static byte[] Datagram(Pair pair) => Packets.Udp(pair.Udp, 40)[20..];

    /// <summary>An ESP packet as an authentic peer makes it.</summary>
    private byte[] Seal(uint spi, byte[] payload, IpProtocol nextHeader = IpProtocol.Udp)
    {
        var (algorithm, end) = (Algorithms.Aeads[0], new InetEndpoint(InetAddress.Parse("192.0.2.9"), 4500));
        using var sa = new OutboundSa(new(
            SaDirection.Outbound, spi, Host.Channel, algorithm, new(Host.KeyFor(spi, algorithm)), Esn: true, new SelectorSet([], []), end, end, Encapsulation.Udp));
        sa.Sequence = _sequences.GetValueOrDefault(spi);
        var packet = new byte[sa.LengthFor(payload.Length)];
        payload.CopyTo(packet, sa.HeaderLength);
        Assert.True(sa.TrySeal(packet, packet.AsSpan(sa.HeaderLength, payload.Length + sa.TrailerFor(payload.Length)), payload.Length, nextHeader));
        _sequences[spi] = sa.Sequence;
        return packet;
    }
}
