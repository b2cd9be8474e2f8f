using Latchkey.Contract;
using Latchkey.Linux.Protection;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class ProtectionTests
{
    private const string EchoServer = """
        import socket
        s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", 7000)); s.listen()
        print("ready", flush=True)
        while True:
            c, a = s.accept()
            c.sendall(a[0].encode()); c.close()
        """;

    [Theory]
    [InlineData("192.0.2.2", "::ffff:192.0.2.1")]
    [InlineData("2001:db8::2", "2001:db8::1")]
    public void A_tcp_connection_goes_through_the_tunnel_with_real_addresses(string server, string seenFrom)
    {
        using var pair = new ProtectedPair();
        pair.There.StartPython(EchoServer);

        Assert.Equal(seenFrom, Connect(pair.Here, server));
        Assert.True(pair.TunnelThere.Carried >= 3);
        Assert.Equal(new FilterCounters(0, 0, 0, 0), pair.Here.In(pair.ProtectionHere.ReadCounters));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Hosts_that_check_source_addresses_take_what_comes_out_of_the_tunnel(int mode)
    {
        using var pair = new ProtectedPair(host => host.Sh($"sysctl -qw net.ipv4.conf.all.rp_filter={mode} net.ipv4.conf.default.rp_filter={mode}"));
        pair.There.StartPython(EchoServer);

        Assert.Equal("::ffff:192.0.2.1", Connect(pair.Here, "192.0.2.2"));
    }

    [Theory]
    [InlineData("192.0.2.1/24", "192.0.2.2", 0)]
    [InlineData("192.0.2.1/24", "192.0.2.2", 1)]
    [InlineData("192.0.2.1/24", "192.0.2.2", 2)]
    [InlineData("2001:db8::1/64", "2001:db8::2", 2)]
    public void What_comes_out_of_the_device_reaches_a_socket_whose_address_was_lost(string local, string peer, int mode)
    {
        using var pair = new ProtectedPair(host => host.Sh($"sysctl -qw net.ipv4.conf.all.rp_filter={mode} net.ipv4.conf.default.rp_filter={mode}"));
        var address = local.Split('/')[0];
        var receiver = pair.Here.StartPython($"""
            import socket
            s = socket.socket(socket.{(peer.Contains(':', StringComparison.Ordinal) ? "AF_INET6" : "AF_INET")}, socket.SOCK_DGRAM)
            s.bind(("{address}", 7000))
            print("ready", flush=True)
            print(s.recv(100).decode(), flush=True)
            """);
        void ComesOut(string text)
        {
            var batch = new PacketBatch(1, 1500);
            Packets.PutUdp(batch, peer, 4711, address, 7000, text);
            Assert.Equal(0, Packets.Write(pair.TunnelHere.Device, batch));
        }

        pair.Here.Sh($"ip addr del {local} dev eth0");
        ComesOut("the host has not got it");
        pair.Here.In(() => pair.ProtectionHere.DeliverToLost([InetAddress.Parse(address)]));
        ComesOut("it is kept");
        Assert.Equal("it is kept", receiver.NextLine());

        pair.Here.In(() => pair.ProtectionHere.DeliverToLost([]));
        Assert.DoesNotContain("7297", pair.Here.Sh("ip rule; ip -6 rule; ip route show table all; ip -6 route show table all"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.2", "AF_INET")]
    [InlineData("2001:db8::2", "AF_INET6")]
    public void A_clear_packet_from_the_wire_does_not_reach_a_protected_socket(string there, string family)
    {
        using var pair = new ProtectedPair();
        pair.Here.In(pair.ProtectionHere.Remove);
        var server = pair.There.StartPython($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM)
            s.bind(("{there}", 7000))
            print("ready", flush=True)
            print(s.recv(100).decode(), flush=True)
            """);
        pair.Here.Python($"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'clear', ('{there}', 7000))");
        pair.Here.In(() => pair.ProtectionHere.Apply(ProtectedPair.Port7000, held: []));
        pair.Here.Python($"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'through the tunnel', ('{there}', 7000))");

        Assert.Equal("through the tunnel", server.NextLine());
        Assert.Equal(1ul, pair.There.In(pair.ProtectionThere.ReadCounters)?.ClearIn);
    }

    [Fact]
    public void Fragments_of_a_clear_ipv6_datagram_do_not_reach_a_protected_socket()
    {
        using var pair = new ProtectedPair();
        pair.Here.In(pair.ProtectionHere.Remove);
        var server = pair.There.StartPython("""
            import socket
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.bind(("2001:db8::2", 7000))
            print("ready", flush=True)
            print(len(s.recv(9000)), flush=True)
            """);
        pair.Here.Python("import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'c' * 4000, ('2001:db8::2', 7000))");
        pair.Here.In(() => pair.ProtectionHere.Apply(ProtectedPair.Port7000, held: []));
        pair.Here.Python("import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'tunnel', ('2001:db8::2', 7000))");

        Assert.Equal("6", server.NextLine());
    }

    [Theory]
    [InlineData("192.0.2.2", "AF_INET")]
    [InlineData("2001:db8::2", "AF_INET6")]
    public void Fails_closed_when_the_process_is_killed(string peer, string family)
    {
        using var pair = new ProtectedPair();
        var server = pair.There.StartPython($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM)
            s.bind(("{peer}", 7000))
            print("ready", flush=True)
            print(s.recv(100).decode(), flush=True)
            """);

        // What a kill does: the device goes, everything else stays.
        pair.TunnelHere.Dispose();
        Assert.Equal("PermissionError", pair.Here.Python($"""
            import socket
            try:
                socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b"x", ("{peer}", 7000))
            except Exception as e:
                print(type(e).__name__)
            """));

        // Even a socket that forces the device.
        pair.Here.TrySh($"""
            python3 -c 'import socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0"); s.sendto(b"x", ("{peer}", 7000))'
            """);

        // The other end, still protected, would drop it as well; take its protection away to see what was sent.
        pair.There.In(pair.ProtectionThere.Remove);
        pair.Here.Python($"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'unprotected port', ('{peer}', 7001))");
        pair.Here.In(pair.ProtectionHere.Remove);
        pair.Here.Python($"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'first to arrive', ('{peer}', 7000))");

        Assert.Equal("first to arrive", server.NextLine());
    }

    [Fact]
    public void Traffic_to_the_hosts_own_addresses_is_left_alone()
    {
        using var pair = new ProtectedPair();
        pair.There.StartPython(EchoServer);

        Assert.Equal("::ffff:192.0.2.2", Connect(pair.There, "192.0.2.2"));
        Assert.Equal("::1", Connect(pair.There, "::1"));
        Assert.Equal(0, pair.TunnelHere.Carried);
    }

    [Fact]
    public void Unprotected_traffic_is_left_alone()
    {
        using var pair = new ProtectedPair();

        pair.Here.Sh("ping -c 1 -W 2 192.0.2.2; ping -c 1 -W 2 2001:db8::2");
        Assert.Equal(0, pair.TunnelThere.Carried);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", "AF_INET")]
    [InlineData("2001:db8::1", "2001:db8::2", "AF_INET6")]
    public void S1a_a_clear_icmp_error_about_a_protected_flow_does_not_reach_its_socket(string here, string there, string family)
    {
        using var pair = new ProtectedPair();
        var client = pair.Here.StartPython($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM)
            s.bind(("{here}", 4711)); s.connect(("{there}", 7000)); s.settimeout(0.3)
            print("ready", flush=True)
            input()
            try: s.recv(1)
            except Exception as e: print(type(e).__name__, flush=True)
            """);
        pair.There.In(pair.ProtectionThere.Remove);
        pair.There.Python(IcmpErrors.Forge(there, here, Packets.Udp(here, 4711, there, 7000, "octets"u8.ToArray())));
        client.StandardInput.WriteLine();

        Assert.Equal("timeout", Normal(client.NextLine()));
        Assert.Equal(1ul, pair.Here.In(pair.ProtectionHere.ReadCounters)?.ErrorsIn);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void No_octet_of_a_protected_packet_leaves_in_an_icmp_error(string here, string there)
    {
        using var pair = new ProtectedPair();

        // Nobody listens on 7000 there, so its kernel answers with port unreachable.
        var family = here.Contains(':', StringComparison.Ordinal) ? "AF_INET6" : "AF_INET";
        var answer = pair.Here.Python($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM)
            s.bind(("{here}", 4711)); s.connect(("{there}", 7000)); s.settimeout(0.3)
            s.send(b"octets")
            try: s.recv(1)
            except Exception as e: print(type(e).__name__)
            """);

        Assert.Equal("timeout", Normal(answer));
        Assert.Equal(1, pair.TunnelThere.Carried);
        Assert.Equal(1ul, pair.There.In(pair.ProtectionThere.ReadCounters)?.ErrorsOut);
    }

    [Fact]
    public void Packets_into_the_tunnel_keep_to_the_inner_mtu()
    {
        using var pair = new ProtectedPair();

        Assert.Contains($"mtu {1500 - PlainTunnel.Overhead}", pair.Here.Sh("ip route show table 7296"), StringComparison.Ordinal);
        Assert.Contains($"mtu {1500 - PlainTunnel.Overhead}", pair.Here.Sh("ip -6 route show table 7296"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_route_into_a_tunnel_that_moves_has_the_MTU_of_the_way_to_where_it_is()
    {
        using var host = new TestHost("mobile");
        host.SetUp("lo", "10.1.0.1/32");
        foreach (var (link, net, mtu) in new[] { ("wide", "192.0.2", 1500), ("slim", "198.51.100", 1400) })
        {
            host.Sh($"ip link add {link} type veth peer name {link}2 && ip link set {link} mtu {mtu} up && ip link set {link}2 up && ip addr add {net}.1/24 dev {link}");
        }

        using var device = host.In(() => new TunDevice(1500, offload: false));
        var path = new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2")) { Moves = true };
        var protection = new TrafficProtection(ProtectedPair.Settings, device.Index, ProtectedPair.InnerMtu);
        host.In(() => protection.Apply([new ProtectedSelector(InetPrefix.Parse("10.1.0.1/32"), InetPrefix.Parse("10.2.0.0/24"), null, PortSpan.Any, PortSpan.Any) { Tunnel = path }], held: []));
        Assert.Contains($"mtu {1500 - PlainTunnel.Overhead}", host.Sh("ip route show table 7296"), StringComparison.Ordinal);
        host.In(() => protection.FollowTunnel(path, new AddressPair(InetAddress.Parse("198.51.100.1"), InetAddress.Parse("198.51.100.2"))));
        Assert.Contains($"mtu {1400 - PlainTunnel.Overhead}", host.Sh("ip route show table 7296"), StringComparison.Ordinal);
    }

    private static string Normal(string? text) => text == "TimeoutError" ? "timeout" : text ?? "";

    private static string Connect(TestHost host, string server) =>
        host.Python($"import socket; s = socket.create_connection(('{server}', 7000), 3); print(s.recv(100).decode())");
}
