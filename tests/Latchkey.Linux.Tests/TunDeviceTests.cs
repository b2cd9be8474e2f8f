using Latchkey.Contract;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class TunDeviceTests
{
    [Fact]
    public void Packets_routed_into_the_device_come_out_whole()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));
        host.Sh("ip address add 192.0.2.1/32 dev lo; ip route add 192.0.2.7 dev latchkey0 src 192.0.2.1");
        host.Python("import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b'latch%d' % i, ('192.0.2.7', 9)) for i in range(3)]");

        var batch = new PacketBatch(8, 1500);
        var texts = new List<string>();
        while (texts.Count < 3)
        {
            var count = device.Receive(batch, 2000);
            Assert.NotEqual(0, count);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(20 + 8 + 6, batch.Data(i).Length);
                texts.Add(System.Text.Encoding.ASCII.GetString(batch.Data(i)[28..]));
            }
        }

        Assert.Equal(["latch0", "latch1", "latch2"], texts);
    }

    [Fact]
    public void Packets_written_to_the_device_reach_local_sockets_with_their_real_source()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));
        host.Sh("ip address add 192.0.2.1/32 dev lo");
        var server = host.StartPython("""
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("192.0.2.1", 7000))
            print("ready", flush=True)
            print(s.recvfrom(100), flush=True)
            """);
        var batch = new PacketBatch(2, 1500);
        Packets.PutUdp(batch, "192.0.2.7", 4711, "192.0.2.1", 7000, "hello");

        Assert.Equal(0, Packets.Write(device, batch));
        Assert.Equal("(b'hello', ('192.0.2.7', 4711))", server.NextLine());
    }

    [Fact]
    public void The_device_sends_nothing_by_itself_and_has_no_link_local_address()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));

        Assert.DoesNotContain("fe80", host.Sh("ip -6 address show dev latchkey0"), StringComparison.Ordinal);
        Assert.Contains("qlen 1000", host.Sh("ip link show dev latchkey0"), StringComparison.Ordinal);
        Assert.Contains("mtu 1500", host.Sh("ip link show dev latchkey0"), StringComparison.Ordinal);
        Assert.Equal(0, device.Receive(new PacketBatch(4, 1500), 0));
    }

    /// <summary>What a daemon that waits for its way out leaves unread is bounded, and what is lost of it is told.</summary>
    [Fact]
    public void What_nobody_reads_is_dropped_by_the_device_and_counted()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500));
        host.Sh("ip address add 192.0.2.1/32 dev lo; ip route add 192.0.2.7 dev latchkey0 src 192.0.2.1");
        Assert.Equal(0, device.Overflowed);
        host.Python("import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 32, 10_000_000); [s.sendto(b'latch', ('192.0.2.7', 9)) for i in range(1500)]");

        Assert.Equal(500, device.Overflowed);
        var batch = new PacketBatch(64, 65_535);
        var read = 0;
        while (device.Receive(batch, 0) > 0)
        {
            read += batch.Count;
        }

        Assert.Equal(1000, read);
    }

    [Fact]
    public void Interrupt_ends_a_wait()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));
        device.Interrupt();

        Assert.Equal(0, device.Receive(new PacketBatch(4, 1500), Timeout.Infinite));
    }

    [Fact]
    public void The_device_is_gone_when_it_is_disposed_of()
    {
        using var host = new TestHost("tun");
        host.In(() => new TunDevice(1500, offload: false)).Dispose();

        Assert.DoesNotContain("latchkey0", host.Sh("ip link"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_device_of_the_same_name_is_refused_with_the_name_in_the_message()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));

        var e = Assert.Throws<LinuxException>(() => host.In(() => new TunDevice(1500, offload: false)));
        Assert.Contains("latchkey0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slots_smaller_than_a_packet_are_refused_before_anything_is_cut_off()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500, offload: false));

        Assert.Throws<ArgumentException>(() => device.Receive(new PacketBatch(4, 1400), 0));
    }
}
