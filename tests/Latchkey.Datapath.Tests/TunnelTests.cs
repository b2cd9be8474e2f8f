using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Judges;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Tunnel mode: whole packets between inner addresses, latched by their own 5-tuple (RFC 4303 §3.1.2).</summary>
public sealed class TunnelTests : IDisposable
{
    private const uint SpiToW = 0x1001;
    private const uint SpiToC = 0x2002;
    private static readonly FlowKey Inner = new(IpProtocol.Tcp, InetAddress.Parse("10.2.0.7"), 40_000, InetAddress.Parse("10.1.0.1"), 179);
    private static readonly FlowKey InnerV6 = new(IpProtocol.Tcp, InetAddress.Parse("fd00:2::7"), 40_000, InetAddress.Parse("fd00:1::1"), 179);

    private static readonly bool[] Families = [false, true];
    private static readonly byte[] MaximumSegmentSize1460 = [2, 4, 0x05, 0xb4];

    private readonly Host _w = new(InetAddress.Parse("192.0.2.1"));
    private readonly Host _c = new(InetAddress.Parse("192.0.2.2"));

    public TunnelTests()
    {
        foreach (var flow in new[] { Inner, InnerV6, Udp(Inner) })
        {
            _c.Datapath.Bind(flow, Host.Channel);
            _w.Datapath.Bind(flow.Reversed, Host.Channel);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_packet_arrives_with_the_header_its_sender_gave_it(bool v6)
    {
        Install(v6);
        var packet = Packets.Tcp(v6 ? InnerV6 : Inner, TcpFlags.Ack, seq: 5, ack: 6, payload: 100);
        SetTypeOfService(packet, 0x2a);
        _c.Send(packet);
        Assert.Equal(1, _c.CarryTo(_w));
        Assert.Equal(packet, Assert.Single(_w.Delivered()));
        Assert.All(_w.Datapath.Drops.Values.Concat(_c.Datapath.Drops.Values), count => Assert.Equal(0, count));
    }

    [Fact]
    public void A_super_segment_is_cut_into_whole_packets()
    {
        Install();
        var packet = Packets.Tcp(Inner, TcpFlags.Ack | TcpFlags.Psh, seq: 5, ack: 6, payload: 5000);
        var made = SlowOffload.Super(packet, 20, 1300);
        var expected = SlowOffload.Cut(made.Packet, made.Offload);
        _c.Send(made);
        Assert.Equal(expected.Count, _c.CarryTo(_w));
        Assert.Equal(expected, _w.Delivered());
    }

    [Theory]
    [InlineData("10.3.0.7", "10.1.0.1")]
    [InlineData("10.2.0.7", "10.3.0.1")]
    [InlineData("192.0.2.2", "192.0.2.1")]
    public void RFC4301_5_2_What_the_selectors_do_not_cover_is_dropped(string source, string destination)
    {
        Install();
        // C's SA lets more through than W's does.
        _c.Datapath.Remove(SaDirection.Outbound, Host.Channel, SpiToW);
        _c.Install(SaDirection.Outbound, _w.Address, SpiToW, selectors: Selectors(v6: false, from: "0.0.0.0/0", to: "0.0.0.0/0"), tunnel: true);
        var elsewhere = Inner with { Local = InetAddress.Parse(source), Remote = InetAddress.Parse(destination) };
        _c.Datapath.Bind(elsewhere, Host.Channel);
        _c.Send(Packets.Tcp(elsewhere, TcpFlags.Ack, payload: 10));
        Assert.Equal(1, _c.CarryTo(_w));
        Assert.Empty(_w.Delivered());
        Assert.Equal(1, _w.Drops(DropReason.SelectorMismatch));
    }

    [Fact]
    public void A_tunnel_carries_whole_packets_only_and_transport_mode_none()
    {
        Install();
        _c.Datapath.Remove(SaDirection.Outbound, Host.Channel, SpiToW);
        _c.Install(SaDirection.Outbound, _w.Address, SpiToW, selectors: Reversed(Selectors(v6: false)));
        _c.Send(Packets.Tcp(Inner, TcpFlags.Ack, payload: 10));
        _c.CarryTo(_w);
        Assert.Equal(1, _w.Drops(DropReason.UnsupportedProtocol));

        // The other way about: W sends whole packets, and C expects none.
        _c.Install(SaDirection.Inbound, _w.Address, SpiToC, selectors: Reversed(Selectors(v6: false)));
        _w.Send(Packets.Tcp(Inner.Reversed, TcpFlags.Ack, payload: 10));
        Assert.Equal(1, _w.CarryTo(_c));
        Assert.Empty(_c.Delivered());
        Assert.Equal(1, _c.Drops(DropReason.UnsupportedProtocol));
    }

    [Fact]
    public void L5_A_flow_of_another_channel_does_not_come_out_of_the_tunnel()
    {
        Install();
        _w.Install(SaDirection.Inbound, _c.Address, SpiToW, channel: new ChannelId(2), selectors: Selectors(v6: false), tunnel: true);
        _c.Send(Packets.Tcp(Inner, TcpFlags.Ack, payload: 10));
        _c.CarryTo(_w);
        Assert.Empty(_w.Delivered());
        Assert.Equal(1, _w.Drops(DropReason.LatchMismatch));
    }

    [Fact]
    public void What_begins_a_connection_is_made_to_fit_the_tunnel()
    {
        Install();
        _c.Send(Packets.Tcp(Inner, TcpFlags.Syn, options: MaximumSegmentSize1460));
        _c.CarryTo(_w);
        var syn = Assert.Single(_w.Delivered());
        var algorithm = Algorithms.Aeads[0];
        var room = EspOverhead.InnerMtu(1500, isV6: false, Encapsulation.Udp, algorithm, tunnel: true);
        Assert.Equal(room - 40, (syn[^2] << 8) | syn[^1]);
        Assert.True(room < EspOverhead.InnerMtu(1500, isV6: false, Encapsulation.Udp, algorithm) - 15);
    }

    [Fact]
    public void Scapy_opens_our_tunnel_and_we_open_scapys()
    {
        var lines = Scapy.Run(string.Join('\n', Families.Select(v6 =>
        {
            Install(v6);
            var packet = Packets.Tcp(v6 ? InnerV6 : Inner, TcpFlags.Ack, seq: 5, ack: 6, payload: 33);
            _c.Send(packet);
            var sent = Assert.Single(_c.Udp.TakeSent()).Octets;
            return $"""
                sa = SecurityAssociation(ESP, spi=0x1001, crypt_algo='AES-GCM', crypt_key=bytes.fromhex('{Convert.ToHexString(Host.KeyFor(SpiToW, Algorithms.Aeads[0]))}'), seq_num=7, esn_en=True, esn=0, tunnel_header=IP(src='{_c.Address}', dst='{_w.Address}'))
                print(bytes(sa.decrypt(IP(bytes(IP(src='{_c.Address}', dst='{_w.Address}') / ESP(bytes.fromhex('{Convert.ToHexString(sent)}')))))).hex())
                print(bytes(sa.encrypt({(v6 ? "IPv6" : "IP")}(bytes.fromhex('{Convert.ToHexString(packet)}')))[ESP]).hex())
                """;
        })));

        for (var v6 = 0; v6 < 2; v6++)
        {
            var packet = Packets.Tcp(v6 == 1 ? InnerV6 : Inner, TcpFlags.Ack, seq: 5, ack: 6, payload: 33);
            Assert.Equal(Convert.ToHexStringLower(packet), lines[2 * v6]);
            Install(v6 == 1);
            _w.Receive(Convert.FromHexString(lines[(2 * v6) + 1]), _c.Address);
            Assert.Equal(Packets.Essence(packet), Packets.Essence(Assert.Single(_w.Delivered())));
        }
    }

    public void Dispose()
    {
        _w.Dispose();
        _c.Dispose();
    }

    private static FlowKey Udp(FlowKey flow) => flow with { Protocol = IpProtocol.Udp };

    private static void SetTypeOfService(byte[] packet, byte value)
    {
        if (packet[0] >> 4 == 6)
        {
            (packet[0], packet[1]) = ((byte)(0x60 | (value >> 4)), (byte)(value << 4));
            return;
        }

        packet[1] = value;
        packet[10] = packet[11] = 0;
        var sum = InternetChecksum.Of(packet.AsSpan(0, 20));
        (packet[10], packet[11]) = ((byte)(sum >> 8), (byte)sum);
    }

    private void Install(bool v6 = false)
    {
        foreach (var (host, peer, mine, theirs, selectors) in new[]
        {
            (_w, _c.Address, SpiToW, SpiToC, Selectors(v6)),
            (_c, _w.Address, SpiToC, SpiToW, Reversed(Selectors(v6))),
        })
        {
            host.Datapath.Remove(SaDirection.Outbound, Host.Channel, theirs);
            host.Install(SaDirection.Inbound, peer, mine, selectors: selectors, tunnel: true);
            host.Install(SaDirection.Outbound, peer, theirs, selectors: selectors, tunnel: true);
        }
    }

    private static SelectorSet Reversed(SelectorSet selectors) => new(selectors.Remote, selectors.Local);

    /// <summary>As W sees them.</summary>
    private static SelectorSet Selectors(bool v6, string? from = null, string? to = null) =>
        SelectorSet.Of(For(to ?? (v6 ? "fd00:1::/32" : "10.1.0.0/16")), For(from ?? (v6 ? "fd00:2::/32" : "10.2.0.0/16")));

    private static TrafficSelector For(string prefix) =>
        TrafficSelector.For(InetPrefix.TryParse(prefix, out var parsed, out _) ? parsed : throw new FormatException(prefix), 0);
}
