using System.Buffers.Binary;
using CsCheck;
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

    private ulong _injected;

    private readonly Host _w = new(InetAddress.Parse("192.0.2.1"));
    private readonly Host _c = new(InetAddress.Parse("192.0.2.2"));

    public TunnelTests()
    {
        foreach (var flow in new[] { Inner, InnerV6, Udp(Inner), Udp(InnerV6) })
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
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void What_follows_in_one_flow_is_joined_to_one_super_segment(bool v6, bool tcp)
    {
        Install(v6);
        var row = Row(v6, tcp, 30);
        Carry(row);
        Assert.Equal([30], _w.Tun.Trains);
        Assert.Equal(row, _w.Delivered());
        Assert.Equal(30, _w.Datapath.Received.Packets);
    }

    [Fact]
    public void A_device_that_does_not_cut_is_given_inner_packets_one_by_one()
    {
        Install();
        (_w.Tun.CutsTcp, _w.Tun.CutsUdp) = (false, false);
        Carry(Row(v6: false, tcp: true, 3));
        Assert.Equal([1, 1, 1], _w.Tun.Trains);
    }

    private static readonly string[] DifferencesV4 =
        ["type of service", "congestion mark", "hop limit", "identification", "repeated identification", "dont fragment", "header checksum", "options", "checksum"];

    private static readonly string[] DifferencesV6 = ["type of service", "congestion mark", "hop limit", "flow label", "checksum"];

    public static TheoryData<string, bool> Differences
    {
        get
        {
            var differences = new TheoryData<string, bool>();
            foreach (var v6 in Families)
            {
                foreach (var what in v6 ? DifferencesV6 : DifferencesV4)
                {
                    differences.Add(what, v6);
                }
            }

            return differences;
        }
    }

    /// <summary>What a stack that cuts a super-segment would not make again as it was is given to the stack as it is.</summary>
    [Theory]
    [MemberData(nameof(Differences))]
    public void Inner_packets_that_differ_are_not_joined(string difference, bool v6)
    {
        Install(v6);
        var row = Row(v6, tcp: true, 3);
        row[1] = Differ(row[1], difference);
        Carry(row);
        Assert.Equal([1, 1, 1], _w.Tun.Trains);
        Assert.Equal(row, _w.Delivered());
    }

    /// <summary>Joined or not: what arrives, cut as a stack cuts it, is octet for octet what was sent, in its order.</summary>
    [Fact]
    public void Joined_packets_are_cut_to_what_they_were()
    {
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[1, 40], Gen.Select(Gen.Int[0, 39], Gen.Int[0, 99]).Array[0, 6]).Sample(
            (v6, tcp, count, odds) =>
            {
                using var tests = new TunnelTests();
                tests.Install(v6);
                var row = Row(v6, tcp, count);
                var differences = v6 ? DifferencesV6 : DifferencesV4;
                foreach (var (at, which) in odds.Where(odd => odd.Item1 < count))
                {
                    row[at] = Differ(row[at], differences[which % differences.Length]);
                }

                tests.Carry(row);
                Assert.Equal(row, tests._w.Delivered());
            },
            iter: 200,
            threads: 1);
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

    /// <summary>RFC 4555: the tunnel goes elsewhere, and its SA, sequence numbers and flows are what they were.</summary>
    [Theory]
    [InlineData(Encapsulation.Udp, 4500)]
    [InlineData(Encapsulation.Esp, 0)]
    public void L12_A_tunnel_that_moves_is_sent_between_its_new_ends_under_the_SA_it_had(Encapsulation encapsulation, ushort port)
    {
        Install();
        _c.Send(Packets.Tcp(Inner, TcpFlags.Ack, seq: 1, payload: 10));
        var before = Assert.Single(_c.Udp.TakeSent());
        var (from, to) = (InetAddress.Parse("198.51.100.7"), InetAddress.Parse("198.51.100.1"));
        _c.Datapath.Move(Host.Channel, SpiToW, new InetEndpoint(from, 4500), new InetEndpoint(to, 4500), encapsulation);
        _c.Send(Packets.Tcp(Inner, TcpFlags.Ack, seq: 11, payload: 10));

        var after = Assert.Single((encapsulation == Encapsulation.Udp ? _c.Udp : _c.Esp).TakeSent());
        Assert.Equal((new InetEndpoint(from, port), new InetEndpoint(to, port)), (after.Local, after.Remote));
        Assert.Equal(Sequence(before.Octets) + 1, Sequence(after.Octets));
        _w.Receive(before.Octets, _c.Address);
        _w.Receive(after.Octets, from, encapsulation);
        Assert.Equal(2, _w.Delivered().Count);

        static uint Sequence(byte[] esp) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(esp.AsSpan(4));
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

    /// <summary>Nothing is lost on a path that has become narrow, and those who send into the tunnel learn of it.</summary>
    [Fact]
    public void What_a_path_does_not_take_goes_in_fragments_and_the_path_is_told()
    {
        Install();
        _c.Udp.Limit = (1372, 1400);
        _c.Send(Packets.Tcp(Inner, TcpFlags.Ack, payload: 1400), Packets.Tcp(Inner, TcpFlags.Ack, seq: 1401, payload: 1400));
        Assert.All(_c.Udp.TakeSent(), packet => Assert.True(packet.MayFragment));
        Assert.Equal($"narrowed {_w.Address}", Assert.Single(_c.Events.Take()));
        Assert.Equal(2, _c.Datapath.Sent.Packets);

        // What begins now is made to fit.
        _c.Send(Packets.Tcp(Inner, TcpFlags.Syn, options: MaximumSegmentSize1460));
        _c.CarryTo(_w);
        var syn = Assert.Single(_w.Delivered());
        Assert.Equal(EspOverhead.InnerMtu(1400, isV6: false, Encapsulation.Udp, Algorithms.Aeads[0], tunnel: true) - 40, (syn[^2] << 8) | syn[^1]);
    }

    [Fact]
    public void Inner_options_arrive_as_they_were()
    {
        Install();
        var packet = WithOptions(Packets.Tcp(Inner, TcpFlags.Ack, payload: 100));
        _c.Send([.. packet]);
        Assert.Equal(1, _c.CarryTo(_w));
        Assert.Equal(packet, Assert.Single(_w.Delivered()));
    }

    /// <summary>A peer that does not put them together first may send them so (RFC 4301 §7).</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inner_fragments_are_put_together_and_then_judged(bool v6)
    {
        Install(v6);
        var packet = Packets.Udp(Udp(v6 ? InnerV6 : Inner), 3000);
        var fragments = Packets.Fragment(packet, 1200);
        Inject(_w, SpiToW, fragments.Reverse());
        Assert.Equal(Packets.Essence(packet), Packets.Essence(Assert.Single(_w.Delivered())));

        var elsewhere = Packets.Udp(Udp(v6 ? InnerV6 : Inner) with { Remote = InetAddress.Parse(v6 ? "fd00:9::1" : "10.9.0.1") }, 3000);
        Inject(_w, SpiToW, Packets.Fragment(elsewhere, 1200));
        Assert.Empty(_w.Delivered());
        Assert.Equal(1, _w.Drops(DropReason.SelectorMismatch));
    }

    /// <summary>Nobody but its sender cuts an IPv6 datagram, and the links behind the gateways take no more than what he cut.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_forwarded_datagram_arrives_in_pieces_as_small_as_it_came(bool v6, bool held)
    {
        Install(v6);
        var flow = Udp(v6 ? InnerV6 : Inner) with { LocalPort = 5555 };
        if (!held)
        {
            Bind();
        }

        var packet = Packets.Udp(flow, 3000);
        var fragments = Packets.Fragment(packet, 1200);
        _c.Send(fragments);
        if (held)
        {
            Bind();
        }

        Assert.Equal(v6 ? 3 : 1, _c.CarryTo(_w));
        Assert.Equal(v6 ? fragments : [packet], _w.Delivered().Select(p => v6 ? p : WithHeader(p, header => header[4] = header[5] = 0)));
        Assert.All(_w.Datapath.Drops.Values.Concat(_c.Datapath.Drops.Values), count => Assert.Equal(0, count));

        void Bind()
        {
            foreach (var (host, key) in new[] { (_c, flow), (_w, flow.Reversed) })
            {
                host.Datapath.Follow(key, TimeSpan.FromMinutes(5));
                host.Datapath.Bind(key, Host.Channel);
            }
        }
    }

    /// <summary>The kernel puts fragments together whoever sent them; what it must not mix with what came in clear comes in one piece.</summary>
    [Fact]
    public void A_datagram_for_a_socket_of_this_host_is_delivered_whole()
    {
        Install(v6: true);
        var packet = Packets.Udp(Udp(InnerV6), 3000);
        _c.Send(Packets.Fragment(packet, 1200));
        Assert.Equal(3, _c.CarryTo(_w));
        Assert.Equal(packet, Assert.Single(_w.Delivered()));
    }

    /// <summary>RFC 6946: a packet with a fragment header that is its own only fragment.</summary>
    [Fact]
    public void An_atomic_fragment_is_a_whole_packet()
    {
        Install(v6: true);
        var packet = Packets.Udp(Udp(InnerV6), 5);
        _c.Send(Packets.Fragment(packet, 1200));
        Assert.Equal(1, _c.CarryTo(_w));
        Assert.Equal(packet, Assert.Single(_w.Delivered()));
    }

    /// <summary>However a datagram was cut.</summary>
    [Fact]
    public void What_is_cut_again_is_the_same_datagram() => Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 200].Select(i => i * 8), Gen.Bool).Sample(
        (payload, size, v6) =>
        {
            var packet = Packets.Udp(Udp(v6 ? InnerV6 : Inner), payload);
            var pieces = Packets.Fragment(packet, Math.Max(size, payload / 500 * 8));
            var assembly = new FragmentAssembly(new DropCounters());
            var (whole, came) = Together(assembly, pieces);
            if (pieces.Length == 1)
            {
                Assert.False(came.Any);
                return;
            }

            var cut = new Fragmentation(whole, came);
            var again = new byte[cut.Count][];
            for (var i = 0; i < cut.Count; i++)
            {
                again[i] = new byte[cut.LengthOf(i)];
                cut.Write(i, again[i]);
                Assert.True(again[i].Length <= pieces.Max(piece => piece.Length));
            }

            Assert.InRange(again.Length, 2, pieces.Length + 1);
            Assert.Equal(whole, Together(assembly, again).Whole);
        });

    private static (byte[] Whole, Fragments Came) Together(FragmentAssembly assembly, IEnumerable<byte[]> pieces)
    {
        foreach (var piece in pieces)
        {
            if (assembly.Add(piece, TimeSpan.Zero, out var came) is { IsEmpty: false } whole)
            {
                return (whole.ToArray(), came);
            }
        }

        throw new InvalidOperationException("the datagram is not whole");
    }

    [Fact]
    public void L5_Fragments_of_two_peers_are_no_one_datagram()
    {
        Install();
        _w.Install(SaDirection.Inbound, _c.Address, 0x3003, channel: new ChannelId(2), selectors: Selectors(v6: false), tunnel: true);
        var fragments = Packets.Fragment(Packets.Udp(Udp(Inner), 2000), 1200);
        Inject(_w, SpiToW, fragments[..1]);
        Inject(_w, 0x3003, fragments[1..]);
        Assert.Empty(_w.Delivered());
        _w.Pass(3000);
        Assert.Equal(2, _w.Drops(DropReason.FragmentIncomplete));
    }

    [Fact]
    public void What_one_tunnel_lost_costs_no_datagram_of_another()
    {
        var assembly = new FragmentAssembly(new DropCounters());
        var pieces = Packets.Fragment(Packets.Udp(Udp(Inner), 2000), 1200);
        Assert.True(assembly.Add(pieces[0], TimeSpan.Zero, out _, new ChannelId(1)).IsEmpty);
        for (uint i = 0; i < 100; i++)
        {
            var lost = Packets.Fragment(Packets.Udp(Udp(Inner) with { Local = InetAddress.FromV4(0x0a02_0100 + i) }, 2000), 1200);
            Assert.True(assembly.Add(lost[0], TimeSpan.FromSeconds(1), out _, new ChannelId(2)).IsEmpty);
        }

        Assert.True(assembly.Add(pieces[0], TimeSpan.FromSeconds(1), out _, new ChannelId(3)).IsEmpty);
        Assert.False(assembly.Add(pieces[1], TimeSpan.FromSeconds(1), out _, new ChannelId(3)).IsEmpty);
        Assert.False(assembly.Add(pieces[1], TimeSpan.FromSeconds(1), out _, new ChannelId(1)).IsEmpty);
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
        WithHeader(packet, _ => { }).CopyTo(packet, 0);
    }

    /// <summary>Packets of one flow that follow each other, as a stack makes them of what it cuts.</summary>
    private static byte[][] Row(bool v6, bool tcp, int count)
    {
        var flow = v6 ? InnerV6 : Inner;
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var packet = tcp
                ? Packets.Tcp(flow, TcpFlags.Ack, (uint)(1 + (i * 100)), 1, 100, [1, 1, 1, 1])
                : Packets.Udp(Udp(flow), 100);
            return v6 ? packet : WithHeader(packet, header => BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(0xFFF0 + i)));
        })];
    }

    private static byte[] Differ(byte[] packet, string difference)
    {
        if (packet[0] >> 4 == 6)
        {
            packet = [.. packet];
            var (at, bits) = difference switch
            {
                "type of service" => (1, 0xC0),
                "congestion mark" => (1, 0x30),
                "flow label" => (3, 1),
                "hop limit" => (7, 1),
                _ => (packet.Length - 1, 1),
            };
            packet[at] ^= (byte)bits;
            return packet;
        }

        return difference switch
        {
            "type of service" => WithHeader(packet, header => header[1] ^= 0xB8),
            "congestion mark" => WithHeader(packet, header => header[1] ^= 3),
            "identification" => WithHeader(packet, header => header[4] ^= 1),
            "repeated identification" => WithHeader(packet, header => header[5]--),
            "dont fragment" => WithHeader(packet, header => header[6] ^= 0x40),
            "hop limit" => WithHeader(packet, header => header[8]--),
            "header checksum" => [.. packet[..10], (byte)(packet[10] ^ 1), .. packet[11..]],
            "options" => WithOptions(packet),
            _ => [.. packet[..^1], (byte)(packet[^1] ^ 1)],
        };
    }

    /// <summary>Four octets of "no operation" behind the fixed header (RFC 791 §3.1).</summary>
    private static byte[] WithOptions(byte[] packet) => WithHeader([(byte)(packet[0] + 1), .. packet[1..20], 1, 1, 1, 1, .. packet[20..]], header => BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)header.Length));

    private static byte[] WithHeader(byte[] packet, Action<byte[]> change)
    {
        byte[] changed = [.. packet];
        change(changed);
        changed[10] = changed[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(10), InternetChecksum.Of(changed.AsSpan(0, (changed[0] & 15) * 4)));
        return changed;
    }

    /// <summary>What a peer sends that puts inner packets into ESP as they are.</summary>
    private void Inject(Host to, uint spi, IEnumerable<byte[]> packets)
    {
        var algorithm = Algorithms.Aeads[0];
        using var sa = new OutboundSa(new(
            SaDirection.Outbound, spi, Host.Channel, algorithm, new(Host.KeyFor(spi, algorithm)), Esn: true, Selectors(v6: false), new(_c.Address, 4500), new(to.Address, 4500), Encapsulation.Udp, Tunnel: true));
        sa.Sequence = _injected;
        foreach (var packet in packets)
        {
            var esp = new byte[sa.LengthFor(packet.Length)];
            packet.CopyTo(esp, sa.HeaderLength);
            var text = esp.AsSpan(sa.HeaderLength, packet.Length + sa.TrailerFor(packet.Length));
            Assert.True(sa.TrySeal(esp, text, packet.Length, packet[0] >> 4 == 6 ? IpProtocol.Ipv6 : IpProtocol.IpInIp));
            to.Receive(esp, _c.Address);
        }

        _injected = sa.Sequence;
    }

    /// <summary>Carries packets of C's to W, where they arrive in one batch.</summary>
    private void Carry(byte[][] packets)
    {
        foreach (var packet in packets)
        {
            _c.Send([.. packet]);
        }

        foreach (var sent in _c.Udp.TakeSent())
        {
            _w.Udp.Put(sent.Octets, new(_w.Address, 4500), new(_c.Address, 4500));
        }

        _w.ReceiveWaiting();
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

    private static TrafficSelector For(string prefix) => TrafficSelector.For(InetPrefix.Parse(prefix), 0);
}
