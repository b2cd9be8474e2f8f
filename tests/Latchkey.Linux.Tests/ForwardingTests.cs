using System.Diagnostics;
using System.Text;
using Latchkey.Contract;
using Latchkey.Linux.Protection;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>
/// A gateway between the nets of A and B, for which it has a tunnel. It stands in both, so that beside the tunnel there is a way in
/// clear.
/// </summary>
public sealed class ForwardingTests : IDisposable
{
    private readonly TestHost _gateway = new("gateway");
    private readonly TestHost _a = new("a");
    private readonly TestHost _b = new("b");
    private readonly TunDevice _device;
    private readonly TrafficProtection _protection;

    public ForwardingTests()
    {
        foreach (var (host, net) in new[] { (_a, 1), (_b, 2) })
        {
            _gateway.Sh($"ip link add to{net} type veth peer name eth0 netns {host.Name}");
            // A router asks for the neighbours of others from a link-local address.
            _gateway.SetUp($"to{net}", $"10.{net}.0.1/24", $"fd00:{net}::1/64", $"fe80::{net}/64");
            host.SetUp("eth0", $"10.{net}.0.2/24", $"fd00:{net}::2/64");
            host.Sh($"ip route add default via 10.{net}.0.1; ip -6 route add default via fd00:{net}::1");
        }

        _gateway.Sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        _device = _gateway.In(() => new TunDevice(1500, offload: false));
        _protection = new TrafficProtection(ProtectedPair.Settings, _device.Index, ProtectedPair.InnerMtu);
        Assert.Contains("1 received", _a.Sh("ping -q -c 1 -W 5 10.2.0.2"), StringComparison.Ordinal);
        Assert.Contains("1 received", _a.Sh("ping -q -c 1 -W 5 fd00:2::2"), StringComparison.Ordinal);
    }

    public static TheoryData<bool, int> FamiliesAndChecks => new() { { false, 0 }, { false, 1 }, { false, 2 }, { true, 0 } };

    public void Dispose()
    {
        _device.Dispose();
        _a.Dispose();
        _b.Dispose();
        _gateway.Dispose();
    }

    [Fact]
    public void Without_forward_nothing_passes_between_inner_addresses_in_either_direction()
    {
        Protect(v6: false, forward: false);
        Assert.Contains("0 received", _a.Sh("ping -q -c 1 -W 1 10.2.0.2 || true"), StringComparison.Ordinal);
        Assert.Contains("0 received", _b.Sh("ping -q -c 1 -W 1 10.1.0.2 || true"), StringComparison.Ordinal);
        Assert.Equal((1ul, 1ul), (Counters.ClearIn, Counters.ClearOut));
    }

    [Theory, MemberData(nameof(FamiliesAndChecks))]
    public void What_a_host_behind_the_gateway_sends_goes_into_the_tunnel_and_nowhere_else(bool v6, int check)
    {
        CheckSources(check);
        Protect(v6, forward: true);
        var received = Receiver(_b, v6);
        Send(_a, Of(1, v6), Of(2, v6), "from A");
        Assert.Equal("from A", NextOutOfTheDevice());

        // What the gateway itself says to B, from B's net, is not of the tunnel, and the first that B hears.
        Send(_gateway, v6 ? "fd00:2::1" : "10.2.0.1", Of(2, v6), "from the gateway");
        Assert.Equal("from the gateway", received.NextLine());
        Assert.Equal(new FilterCounters(0, 0, 0, 0), Counters);
    }

    [Theory, MemberData(nameof(FamiliesAndChecks))]
    public void What_comes_out_of_the_tunnel_is_forwarded_and_what_comes_beside_it_is_dropped(bool v6, int check)
    {
        CheckSources(check);
        Protect(v6, forward: true);
        var received = Receiver(_a, v6);
        Send(_b, Of(2, v6), Of(1, v6), "beside the tunnel");
        var batch = new PacketBatch(1, 1500);
        Packets.PutUdp(batch, Of(2, v6), 4711, Of(1, v6), 7000, "out of the tunnel");
        Assert.Equal(0, Packets.Write(_device, batch));
        Assert.Equal("out of the tunnel", received.NextLine());

        // A host that checks strictly has dropped it before: the way back to its sender is the device.
        Assert.Equal(check == 1 ? 0ul : 1ul, Counters.ClearIn);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_error_that_quotes_a_packet_of_the_tunnel_does_not_come_in_beside_it(bool v6)
    {
        var onTheWay = v6 ? "2001:db8:9::9" : "203.0.113.9";
        _b.Sh($"ip addr add {onTheWay} dev eth0{(v6 ? " nodad" : "")}");
        CheckSources(0);
        Protect(v6, forward: true);
        _b.Python(IcmpErrors.Forge(onTheWay, Of(1, v6), Packets.Udp(Of(1, v6), 7000, Of(2, v6), 7000, "octets"u8.ToArray())));
        Assert.Equal(new FilterCounters(0, 0, 1, 0), Counters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_the_device_is_gone_nothing_is_forwarded_and_afterwards_it_is_as_before(bool v6)
    {
        Protect(v6, forward: true);
        _device.Dispose();
        Assert.Contains("0 received", _a.Sh($"ping -q -c 1 -W 1 {Of(2, v6)} || true"), StringComparison.Ordinal);
        Assert.Contains("0 received", _b.Sh($"ping -q -c 1 -W 1 {Of(1, v6)} || true"), StringComparison.Ordinal);
        _gateway.In(_protection.Remove);
        Assert.Contains("1 received", _a.Sh($"ping -q -c 1 -W 5 {Of(2, v6)}"), StringComparison.Ordinal);
    }

    private FilterCounters Counters => _gateway.In(_protection.ReadCounters)!;

    private static string Of(int net, bool v6) => v6 ? $"fd00:{net}::2" : $"10.{net}.0.2";

    private static void Send(TestHost host, string from, string to, string text) => host.Python($"""
        import socket
        s = socket.socket(socket.{Family(to.Contains(':', StringComparison.Ordinal))}, socket.SOCK_DGRAM)
        s.bind(("{from}", 0))
        s.sendto(b"{text}", ("{to}", 7000))
        """);

    private static Process Receiver(TestHost host, bool v6) => host.StartPython($"""
        import socket
        s = socket.socket(socket.{Family(v6)}, socket.SOCK_DGRAM)
        s.bind(("", 7000)); s.settimeout(20)
        print("ready", flush=True)
        while True:
            print(s.recv(100).decode(), flush=True)
        """);

    private static string Family(bool v6) => v6 ? "AF_INET6" : "AF_INET";

    private void CheckSources(int mode) => _gateway.Sh($"for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo {mode} > $f; done");

    private void Protect(bool v6, bool forward)
    {
        var tunnel = new ProtectedSelector(
            InetPrefix.Parse(v6 ? "fd00:1::/64" : "10.1.0.0/24"), InetPrefix.Parse(v6 ? "fd00:2::/64" : "10.2.0.0/24"), null, PortSpan.Any, PortSpan.Any)
        {
            Tunnel = new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2")),
            IsForwarded = forward,
        };
        _gateway.In(() => _protection.Apply([tunnel], held: []));
    }

    /// <summary>The kernel sends messages of its own into a new device: they are passed over.</summary>
    /// <returns>What the next UDP datagram to port 7000 says.</returns>
    private string NextOutOfTheDevice()
    {
        var batch = new PacketBatch(64, 2000);
        for (var i = 0; i < 30; i++)
        {
            var count = _device.Receive(batch, 1000);
            for (var packet = 0; packet < count; packet++)
            {
                var data = batch.Data(packet)[..batch[packet].Length];
                var header = data[0] >> 4 == 6 ? 40 : 20;
                if (data.Length > header + 8 && data[header + 2] == 7000 >> 8 && data[header + 3] == (7000 & 0xff))
                {
                    return Encoding.UTF8.GetString(data[(header + 8)..]);
                }
            }
        }

        return "nothing";
    }
}
