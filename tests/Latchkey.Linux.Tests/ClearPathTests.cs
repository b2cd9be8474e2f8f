using Latchkey.Contract;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Protection;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>Single flows past the TUN device, in clear, between a protected host and a plain one.</summary>
public sealed class ClearPathTests : IDisposable
{
    private static readonly IReadOnlyList<ProtectedSelector> MayBeClear = [.. ProtectedPair.Port7000.Select(s => s with { MayBeClear = true })];

    private readonly TestHost _here;
    private readonly TestHost _there;
    private readonly TunDevice _tun;
    private readonly TrafficProtection _protection;
    private readonly ClearPath _path;
    private readonly List<LinuxException> _refused = [];

    public ClearPathTests()
    {
        (_here, _there) = TestHost.Pair();
        _tun = _here.In(() => new TunDevice(9216, offload: false));
        _protection = new TrafficProtection(ProtectedPair.Settings, _tun.Index, ProtectedPair.InnerMtu);
        _here.In(() => _protection.Apply(MayBeClear, held: []));
        _path = _here.In(() => new ClearPath(_protection, ProtectedPair.Settings.Mark, _refused.Add));
    }

    public static TheoryData<string, string> Families => new() { { "192.0.2.1", "192.0.2.2" }, { "2001:db8::1", "2001:db8::2" } };

    [Theory]
    [MemberData(nameof(Families))]
    public void B13_Datagrams_of_an_open_flow_go_both_ways_in_clear_and_those_of_no_other(string here, string there)
    {
        Echo(there);
        Assert.True(_here.In(() => _path.TryOpen(Flow(IpProtocol.Udp, here, 40000, there))));
        Assert.Equal("echo", Ask(here, 40000, there));
        Assert.Equal("nothing", Ask(here, 40001, there));

        _here.In(() => _path.Close(Flow(IpProtocol.Udp, here, 40000, there)));
        Assert.Equal("nothing", Ask(here, 40000, there));
        Assert.Empty(_refused);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void B13_A_connection_goes_in_clear_but_its_SYN_only_through_the_daemon(string here, string there)
    {
        _there.StartPython($"""
            import socket
            s = socket.create_server(("{there}", 7000), family=socket.{Family(there)})
            print("ready", flush=True)
            c, a = s.accept()
            c.sendall(c.recv(100))
            """);
        Assert.True(_here.In(() => _path.TryOpen(Flow(IpProtocol.Tcp, here, 40000, there))));
        var client = _here.StartPython($"""
            import socket
            s = socket.socket(socket.{Family(here)}, socket.SOCK_STREAM)
            s.bind(("{here}", 40000))
            print("ready", flush=True)
            s.connect(("{there}", 7000)); s.sendall(b"hello")
            print(s.recv(100).decode(), flush=True)
            """);
        var carried = CarryByHand();
        Assert.Equal("hello", client.NextLine());
        Assert.Equal([TcpFlags.Syn], carried.Select(p => (TcpFlags)p[(here.Contains(':', StringComparison.Ordinal) ? 40 : 20) + 13]).Distinct());
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void B13_What_begins_a_flow_is_shown_whole_and_reaches_no_socket(string here, string there)
    {
        using var seen = new System.Collections.Concurrent.BlockingCollection<byte[]>();
        using var monitor = _here.In(() => new KnockMonitor(ProtectedPair.Settings, packet => seen.Add(packet.ToArray())));
        _here.StartPython($"""
            import socket
            s = socket.create_server(("{here}", 7000), family=socket.{Family(here)})
            print("ready", flush=True)
            s.accept()
            """);
        _there.TrySh($"""
            python3 -c 'import socket; s = socket.socket(socket.{Family(here)}, socket.SOCK_DGRAM); s.bind(("{there}", 40000)); s.sendto(b"first", ("{here}", 7000))'
            """);
        Assert.True(seen.TryTake(out var datagram, TimeSpan.FromSeconds(10)));
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(datagram, out var parsed));
        Assert.Equal(Flow(IpProtocol.Udp, here, 7000, there) with { RemotePort = 40000 }, parsed.InboundFlow);
        Assert.EndsWith("first", System.Text.Encoding.ASCII.GetString(datagram), StringComparison.Ordinal);
        Assert.Equal(0, InternetChecksum.OfUpperLayer(parsed.Source, parsed.Destination, parsed.Protocol, datagram.AsSpan(parsed.UpperOffset)));

        var connected = _there.Python($"""
            import socket
            s = socket.socket(socket.{Family(here)}, socket.SOCK_STREAM); s.settimeout(0.5)
            try:
                s.connect(("{here}", 7000)); print("connected")
            except Exception as e:
                print(type(e).__name__)
            """);
        Assert.Equal("TimeoutError", connected);
        Assert.True(seen.TryTake(out var syn, TimeSpan.FromSeconds(10)));
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(syn, out parsed));
        Assert.Equal(IpProtocol.Tcp, parsed.Protocol);
        Assert.Equal(0, InternetChecksum.OfUpperLayer(parsed.Source, parsed.Destination, parsed.Protocol, syn.AsSpan(parsed.UpperOffset)));
    }

    [Fact]
    public void B13_Flows_in_clear_go_on_when_the_filter_is_put_up_anew_and_end_when_policy_forbids_them()
    {
        FlowKey[] flows = [Flow(IpProtocol.Udp, "192.0.2.1", 40000, "192.0.2.2"), Flow(IpProtocol.Tcp, "2001:db8::1", 40000, "2001:db8::2")];
        Echo("192.0.2.2");
        foreach (var flow in flows)
        {
            Assert.True(_here.In(() => _path.TryOpen(flow)));
            Assert.True(_here.In(() => _path.TryOpen(flow)), "opening twice changes nothing");
        }

        // What a daemon that starts after another was killed does.
        var later = new TrafficProtection(ProtectedPair.Settings, _tun.Index, ProtectedPair.InnerMtu);
        _here.In(() => later.Apply(MayBeClear, held: []));
        Assert.Equal(flows.ToHashSet(), later.LeftInClear.ToHashSet());
        Assert.True(later.WasUp);
        Assert.False(_protection.WasUp);
        Assert.Equal("echo", Ask("192.0.2.1", 40000, "192.0.2.2"));

        _here.In(() => later.Apply([MayBeClear[0], MayBeClear[1], ProtectedPair.Port7000[2], ProtectedPair.Port7000[3]], held: []));
        Assert.Equal([flows[1]], later.LeftInClear);
        Assert.Equal("nothing", Ask("192.0.2.1", 40000, "192.0.2.2"));
    }

    [Fact]
    public void Without_the_filter_no_flow_can_be_opened_and_the_reason_is_told()
    {
        _here.In(_protection.Remove);
        Assert.False(_here.In(() => _path.TryOpen(Flow(IpProtocol.Udp, "192.0.2.1", 40000, "192.0.2.2"))));
        Assert.Contains("cannot let udp 192.0.2.1:40000", Assert.Single(_refused).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void A_checksum_left_to_the_network_card_is_completed_and_a_wrong_one_is_not(string source, string destination)
    {
        var whole = Packets.Udp(source, 1, destination, 2, [1, 2, 3]);
        Assert.Equal(IpPacketKind.Whole, IpPacket.Read(whole, out var parsed));
        var field = parsed.UpperOffset + 6;
        Assert.True(OffloadedChecksum.TryComplete((byte[])whole.Clone()));

        var left = (byte[])whole.Clone();
        var pseudo = (ushort)~InternetChecksum.Finish(InternetChecksum.PseudoHeader(parsed.Source, parsed.Destination, parsed.Protocol, whole.Length - parsed.UpperOffset));
        (left[field], left[field + 1]) = ((byte)(pseudo >> 8), (byte)pseudo);
        Assert.True(OffloadedChecksum.TryComplete(left));
        Assert.Equal(whole, left);

        var damaged = (byte[])whole.Clone();
        damaged[^1] ^= 1;
        Assert.False(OffloadedChecksum.TryComplete(damaged));
        Assert.False(OffloadedChecksum.TryComplete(whole.AsSpan(0, field)));
    }

    [Fact]
    public void Hosts_that_check_source_addresses_strictly_are_warned_that_clear_reaches_nobody()
    {
        Assert.DoesNotContain(_here.In(() => HostRequirements.Check(ProtectedPair.Settings, clear: true)), m => m.Sentence.Contains("rp_filter", StringComparison.Ordinal));
        _here.Sh("sysctl -qw net.ipv4.conf.eth0.rp_filter=1");
        Assert.Contains(_here.In(() => HostRequirements.Check(ProtectedPair.Settings, clear: true)), m => !m.Fatal && m.Sentence.Contains("eth0", StringComparison.Ordinal));
        Assert.DoesNotContain(_here.In(() => HostRequirements.Check(ProtectedPair.Settings)), m => m.Sentence.Contains("rp_filter", StringComparison.Ordinal));
        _here.Sh("sysctl -qw net.ipv4.conf.all.rp_filter=2");
        Assert.DoesNotContain(_here.In(() => HostRequirements.Check(ProtectedPair.Settings, clear: true)), m => m.Sentence.Contains("rp_filter", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _path.Dispose();
        _protection.Dispose();
        _tun.Dispose();
        _here.Dispose();
        _there.Dispose();
    }

    private static string Family(string address) => address.Contains(':', StringComparison.Ordinal) ? "AF_INET6" : "AF_INET";

    private static FlowKey Flow(IpProtocol protocol, string here, ushort port, string there) => new(protocol, InetAddress.Parse(here), port, InetAddress.Parse(there), 7000);

    /// <summary>There, every datagram is answered.</summary>
    private void Echo(string address) => _there.StartPython($"""
        import socket
        s = socket.socket(socket.{Family(address)}, socket.SOCK_DGRAM)
        s.bind(("{address}", 7000))
        print("ready", flush=True)
        while True:
            d, a = s.recvfrom(100); s.sendto(d, a)
        """);

    private string Ask(string here, int port, string there) => _here.Python($"""
        import socket
        s = socket.socket(socket.{Family(here)}, socket.SOCK_DGRAM); s.settimeout(1)
        s.bind(("{here}", {port}))
        try:
            s.sendto(b"echo", ("{there}", 7000)); print(s.recv(100).decode())
        except Exception as e:
            print("nothing")
        """);

    /// <summary>Sends in clear what comes out of the TUN device, until a second passes without any; gives what that was.</summary>
    private List<byte[]> CarryByHand()
    {
        var carried = new List<byte[]>();
        var batch = new PacketBatch(16, 9216);
        while (carried.Count == 0 || _tun.Receive(batch, 1000) > 0)
        {
            if (carried.Count == 0 && _tun.Receive(batch, 10_000) == 0)
            {
                break;
            }

            for (var i = 0; i < batch.Count; i++)
            {
                _path.Send(batch.Data(i));
                carried.Add(batch.Data(i).ToArray());
            }
        }

        return carried;
    }
}
