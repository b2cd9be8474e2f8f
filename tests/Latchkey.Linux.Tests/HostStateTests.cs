using Latchkey.Linux.Protection;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>What protection leaves, repairs and follows on the host.</summary>
public sealed class HostStateTests
{
    private const string Everything =
        "ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; nft list ruleset; ip -o link; sysctl -a 2>/dev/null | grep -v "
        + "'random\\|file-nr\\|inode\\|nf_conntrack_count\\|fs.dentry\\|pty.nr\\|sched\\|ns_last_pid\\|latchkey0\\|entropy\\|min_adv_mss\\|kernel.'";

    private static readonly ProtectedSelector Everyone = new(null, null, IpProtocol.Tcp, PortSpan.Any, PortSpan.One(7000));

    [Fact]
    public void Putting_up_and_taking_away_leaves_the_host_as_it_was()
    {
        var (here, there) = TestHost.Pair();
        using (here)
        using (there)
        {
            here.Sh("""
                ip rule add pref 100 fwmark 9 lookup 99; ip rule add pref 9000 from 192.0.2.1 lookup 99
                ip route add 203.0.113.0/24 via 192.0.2.2 table 99; ip route add default via 192.0.2.2
                ip -6 route add default via 2001:db8::2
                nft add table inet latchkey2; nft add table ip latchkey; nft add chain ip latchkey input
                """);
            var before = here.Sh(Everything);
            using (var device = here.In(() => new TunDevice(1500)))
            {
                var protection = Protect(device);
                here.In(() => protection.Apply([Everyone, Everyone with { Remote = InetPrefix.Parse("203.0.113.0/24") }], held: []));
                Assert.Contains("table inet latchkey {", here.Sh("nft list ruleset"), StringComparison.Ordinal);
                here.In(protection.Remove);
            }

            Assert.Equal(before, here.Sh(Everything));
        }
    }

    [Fact]
    public void Applying_twice_changes_nothing_and_repairs_nothing()
    {
        using var host = new TestHost("alone");
        using var device = host.In(() => new TunDevice(1500));
        var protection = Protect(device);
        var first = host.In(() => protection.Apply([Everyone], held: []));
        var before = host.Sh(Everything);
        var second = host.In(() => protection.Apply([Everyone], held: []));

        Assert.Empty(first);
        Assert.Empty(second);
        Assert.Equal(before, host.Sh(Everything));
    }

    [Fact]
    public void What_a_killed_run_left_is_replaced_and_told()
    {
        var (here, there) = TestHost.Pair();
        using (here)
        using (there)
        {
            // Another port then, and other numbers of rules and table.
            var old = new ProtectionSettings { FirstRulePriority = 5000, RoutingTable = 77 };
            using (var device = here.In(() => new TunDevice(1500)))
            {
                here.In(() => new TrafficProtection(old, device.Index, ProtectedPair.InnerMtu).Apply([Everyone with { RemotePorts = PortSpan.One(7777) }], held: []));
            }

            using var again = here.In(() => new TunDevice(1500));
            var repaired = here.In(() => Protect(again).Apply([Everyone], held: []));

            Assert.Contains(repaired, s => s.Contains("IPv4 routing rules", StringComparison.Ordinal));
            Assert.Contains(repaired, s => s.Contains("IPv6 routing rules", StringComparison.Ordinal));
            Assert.Contains(repaired, s => s.Contains("nftables", StringComparison.Ordinal));
            var now = here.Sh(Everything);
            Assert.DoesNotContain("7777", now, StringComparison.Ordinal);
            Assert.DoesNotContain("table 77 ", now, StringComparison.Ordinal);
            Assert.DoesNotContain("\n5000:", now, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_killed_run_left_can_be_taken_away_without_a_device()
    {
        var (here, there) = TestHost.Pair();
        using (here)
        using (there)
        {
            var before = here.Sh(Everything);
            using (var device = here.In(() => new TunDevice(1500)))
            {
                here.In(() => Protect(device).Apply([Everyone], held: []));
            }

            here.In(() => TrafficProtection.RemoveAll(ProtectedPair.Settings));

            Assert.Equal(before, here.Sh(Everything));
        }
    }

    [Fact]
    public void Unbound_sockets_keep_the_source_address_of_the_hosts_own_routes()
    {
        using var host = Multihomed();
        using var device = host.In(() => new TunDevice(1500));
        var before = Sources(host);
        host.In(() => Protect(device).Apply([Everyone], held: []));

        Assert.Equal("192.0.2.1 198.51.100.1 203.0.113.9 192.0.2.1 2001:db8:1::1 2001:db8:2::1", before);
        Assert.Equal(before, Sources(host));
        Assert.Contains("dev latchkey0", host.Sh("ip route get 198.51.100.5 ipproto tcp dport 7000"), StringComparison.Ordinal);
    }

    /// <summary>Whatever else the host could go by: with IPv6 a route that is found for an unspecified source is taken.</summary>
    [Fact]
    public void Sockets_that_are_not_bound_meet_an_entry_for_the_address_that_they_would_take()
    {
        using var host = Multihomed();
        using var device = host.In(() => new TunDevice(1500));
        host.Sh("ip -6 route add default via 2001:db8:1::2; ip addr add fd00:2::7/128 dev one nodad; ip addr add 10.2.0.7/32 dev one");
        host.In(() => Protect(device).Apply(
            [
                Everyone with { Local = InetPrefix.Parse("2001:db8:2::1"), Remote = InetPrefix.Parse("2001:db8:2::/64") },
                Everyone with { Local = InetPrefix.Parse("2001:db8:2::1"), Remote = InetPrefix.Parse("2001:db8:1::/64") },
                Everyone with { Local = InetPrefix.Parse("fd00:2::7"), Remote = InetPrefix.Parse("fd00:1::/64"), Tunnel = new AddressPair(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2")) },
                Everyone with { Local = InetPrefix.Parse("10.2.0.7"), Remote = InetPrefix.Parse("10.1.0.0/16"), Tunnel = new AddressPair(InetAddress.Parse("2001:db8:1::1"), InetAddress.Parse("2001:db8:1::2")) },
            ],
            held: []));

        Assert.Contains("dev latchkey0 table 7296 proto 76 src 2001:db8:2::1", Way("2001:db8:2::5"), StringComparison.Ordinal);
        Assert.Contains("dev one", Way("2001:db8:1::5"), StringComparison.Ordinal);
        Assert.Contains("dev latchkey0 table 7296 proto 76 src fd00:2::7", Way("fd00:1::1"), StringComparison.Ordinal);
        Assert.Contains("dev latchkey0 table 7296 src 10.2.0.7", Way("10.1.0.1"), StringComparison.Ordinal);

        string Way(string to) => host.Sh($"ip route get {to} ipproto tcp dport 7000");
    }

    [Fact]
    public void Routes_follow_the_hosts_when_told_of_a_change()
    {
        using var host = Multihomed();
        using var device = host.In(() => new TunDevice(1500));
        var protection = Protect(device);
        host.In(() => protection.Apply([Everyone], held: []));
        using var changed = new SemaphoreSlim(0);
        using var monitor = host.In(() => new Netlink.NetworkMonitor(
            () =>
            {
                protection.FollowRoutes();
                changed.Release();
            },
            e => throw e));

        host.Sh("ip link set dev two mtu 1400; ip route add 203.0.113.128/25 via 192.0.2.2");
        Assert.True(changed.Wait(5000, TestContext.Current.CancellationToken));
        var routes = host.Sh("ip route show table 7296");

        Assert.Contains("198.51.100.0/24 dev latchkey0 proto 76 scope link src 198.51.100.1 metric 1024 mtu 1352", routes, StringComparison.Ordinal);
        Assert.Contains("203.0.113.128/25 dev latchkey0 proto 76 scope link src 192.0.2.1", routes, StringComparison.Ordinal);

        host.Sh("ip route del 203.0.113.128/25");
        Assert.True(changed.Wait(5000, TestContext.Current.CancellationToken));
        Assert.DoesNotContain("203.0.113.128", host.Sh("ip route show table 7296"), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_protected_part_of_a_route_is_mirrored()
    {
        using var host = Multihomed();
        using var device = host.In(() => new TunDevice(1500));
        host.In(() => Protect(device).Apply([Everyone with { Remote = InetPrefix.Parse("198.51.100.7/32") }], held: []));

        Assert.Equal(
            ["198.51.100.7 dev latchkey0", "prohibit default proto"],
            host.Sh("ip route show table 7296").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order().Select(line => string.Join(' ', line.Split(' ')[..3])));
    }

    [Fact]
    public void A_host_without_ipv6_addresses_is_protected_for_ipv4()
    {
        using var host = new TestHost("alone");
        host.Sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1");
        using var device = host.In(() => new TunDevice(1500));
        var protection = Protect(device);
        host.In(() => protection.Apply([Everyone], held: []));

        Assert.Contains("dport 7000 lookup 7296", host.Sh("ip rule"), StringComparison.Ordinal);
        host.In(protection.Remove);
    }

    [Fact]
    public void More_entries_than_rules_are_refused()
    {
        using var host = new TestHost("alone");
        using var device = host.In(() => new TunDevice(1500));
        var many = Enumerable.Range(1, 1000).Select(i => Everyone with { RemotePorts = PortSpan.One((ushort)i) }).ToList();

        var e = Assert.Throws<LinuxException>(() => host.In(() => Protect(device).Apply(many, held: [])));
        Assert.Contains("too many protect entries", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_usable_host_lacks_nothing_and_a_foreign_rule_in_our_block_is_named()
    {
        using var host = new TestHost("alone");

        Assert.Empty(host.In(() => HostRequirements.Check(ProtectedPair.Settings)));
        host.Sh("ip rule add pref 7300 lookup main");
        var missing = Assert.Single(host.In(() => HostRequirements.Check(ProtectedPair.Settings)));
        Assert.True(missing.Fatal);
        Assert.Contains("7300", missing.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_addresses_are_all_that_can_be_used()
    {
        using var host = Multihomed();
        var addresses = host.In(Netlink.LocalAddresses.List);

        foreach (var text in (string[])["127.0.0.1", "::1", "192.0.2.1", "203.0.113.9", "198.51.100.1", "2001:db8:1::1"])
        {
            Assert.Contains(InetPrefix.Parse(text), addresses);
        }
    }

    [Fact]
    public void An_address_on_its_way_in_is_the_hosts_own_and_so_is_a_prefix_it_takes_for_itself()
    {
        using var host = Multihomed();
        host.Sh("sysctl -qw net.ipv6.conf.one.accept_dad=1 net.ipv6.conf.one.dad_transmits=100; ip addr add 2001:db8:1::2/64 dev one; ip route add local 192.0.2.128/25 dev lo");
        var before = host.In(Netlink.LocalAddresses.List);
        host.Sh("ip addr del 203.0.113.9/32 dev one");

        Assert.Contains(InetPrefix.Parse("2001:db8:1::2"), before);
        Assert.Contains(InetPrefix.Parse("192.0.2.128/25"), before);
        Assert.Contains(InetPrefix.Parse("203.0.113.9"), before);
        Assert.DoesNotContain(InetPrefix.Parse("203.0.113.9"), host.In(Netlink.LocalAddresses.List));
    }

    private static TrafficProtection Protect(TunDevice device) => new(ProtectedPair.Settings, device.Index, ProtectedPair.InnerMtu);

    /// <summary>Two links with a network each, one more address with a route that prefers it, and a default route.</summary>
    private static TestHost Multihomed()
    {
        var host = new TestHost("multi");
        host.Sh("ip link add one type veth peer name far1; ip link add two type veth peer name far2; ip link set far1 up; ip link set far2 up");
        host.SetUp("one", "192.0.2.1/24", "203.0.113.9/32", "2001:db8:1::1/64");
        host.SetUp("two", "198.51.100.1/24", "2001:db8:2::1/64");
        host.Sh("ip route add 203.0.113.0/25 via 192.0.2.2 src 203.0.113.9; ip route add default via 192.0.2.2");
        return host;
    }

    private static string Sources(TestHost host) => host.Python("""
        import socket
        def source(family, to):
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setblocking(False)
            s.connect_ex((to, 7000))
            return s.getsockname()[0]
        v4, v6 = socket.AF_INET, socket.AF_INET6
        print(source(v4, "192.0.2.5"), source(v4, "198.51.100.5"), source(v4, "203.0.113.5"), source(v4, "8.8.8.8"), source(v6, "2001:db8:1::5"), source(v6, "2001:db8:2::5"))
        """);
}
