using System.Text;
using Latchkey.Contract;
using Latchkey.Linux.Sockets;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class OuterLinkTests
{
    private static readonly OuterSocketSettings Settings = new(Mark: 0x4c4b);

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void Udp_datagrams_travel_in_batches_and_name_both_ends(string here, string there)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings)))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            var batch = new PacketBatch(64, 1600);
            Put(batch, 40, here, there, 4500);
            sender.Send(batch);

            var texts = new List<string>();
            var received = new PacketBatch(64, 1600);
            while (texts.Count < 40)
            {
                Assert.NotEqual(0, receiver.Receive(received, 2000));
                for (var i = 0; i < received.Count; i++)
                {
                    Assert.Equal(new InetEndpoint(InetAddress.Parse(here), 4500), received[i].Remote);
                    Assert.Equal(new InetEndpoint(InetAddress.Parse(there), 4500), received[i].Local);
                    texts.Add(Encoding.ASCII.GetString(received.Data(i)));
                }
            }

            Assert.Equal(Enumerable.Range(0, 40).Select(i => $"datagram {i}"), texts);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2")]
    [InlineData("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2")]
    public void A_packet_of_one_family_is_received_while_the_other_floods(string here, string there, string hereToo, string thereToo)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings)))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            var single = new PacketBatch(64, 1600);
            Put(single, 1, hereToo, thereToo, 4500);
            var flood = new PacketBatch(64, 1600);
            Put(flood, 64, here, there, 4500);
            var received = new PacketBatch(64, 1600);
            sender.Send(flood);
            Assert.NotEqual(0, receiver.Receive(received, 10_000));
            sender.Send(single);
            var found = false;
            for (var i = 0; i < 20 && !found; i++)
            {
                // More than is received at once: the flooding family is never found empty.
                sender.Send(flood);
                sender.Send(flood);
                receiver.Receive(received, 10_000);
                found = received.Count > 0 && received[0].Remote.Address == InetAddress.Parse(hereToo);
            }

            Assert.True(found);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void Esp_packets_arrive_from_the_spi_on(string here, string there)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new RawEspLink(Settings)))
        using (var receiver = b.In(() => new RawEspLink(Settings)))
        {
            var batch = new PacketBatch(4, 1600);
            Put(batch, 1, here, there, 0);
            sender.Send(batch);
            Assert.Equal(0, batch[0].SendResult);

            var received = new PacketBatch(4, 1600);
            Assert.Equal(1, receiver.Receive(received, 2000));
            Assert.Equal("datagram 0", Encoding.ASCII.GetString(received.Data(0)));
            Assert.Equal(new InetEndpoint(InetAddress.Parse(here), 0), received[0].Remote);
            Assert.Equal(new InetEndpoint(InetAddress.Parse(there), 0), received[0].Local);
        }
    }

    /// <summary>What routers mark (RFC 3168) arrives with the packet, and is written per message; what is joined on the way has one mark.</summary>
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", true)]
    [InlineData("2001:db8::1", "2001:db8::2", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8::1", "2001:db8::2", false)]
    public void The_traffic_class_of_a_slot_is_that_of_its_packet(string here, string there, bool udp)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In<DualStackLink>(() => udp ? new UdpLink(4500, Settings with { Trains = true }) : new RawEspLink(Settings)))
        using (var receiver = b.In<DualStackLink>(() => udp ? new UdpLink(4500, Settings with { Trains = true }) : new RawEspLink(Settings)))
        {
            byte[] classes = [0, 0xB9, 0xBA, 0xBB, 0];
            var batch = new PacketBatch(64, 1600);
            Put(batch, classes.Length, here, there, (ushort)(udp ? 4500 : 0));
            for (var i = 0; i < classes.Length; i++)
            {
                batch[i].TrafficClass = classes[i];
            }

            sender.Send(batch);
            var arrived = new List<byte>();
            var received = new PacketBatch(64, 65_535);
            while (arrived.Count < classes.Length)
            {
                Assert.NotEqual(0, receiver.Receive(received, 10_000));
                for (var i = 0; i < received.Count; i++)
                {
                    arrived.AddRange(Enumerable.Repeat(received[i].TrafficClass, received[i].Packets));
                }
            }

            Assert.Equal(classes, arrived);
        }
    }

    [Theory]
    [InlineData("192.0.2.9", "192.0.2.2")]
    [InlineData("2001:db8::9", "2001:db8::2")]
    public void The_local_address_of_a_slot_is_the_source_of_its_packet(string second, string there)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        {
            a.SetUp("eth0", second + (second.Contains(':', StringComparison.Ordinal) ? "/64" : "/24"));
            using var sender = a.In(() => new UdpLink(500, Settings));
            using var receiver = b.In(() => new UdpLink(500, Settings));
            var batch = new PacketBatch(4, 1600);
            Put(batch, 1, second, there, 500);
            sender.Send(batch);

            var received = new PacketBatch(4, 1600);
            Assert.Equal(1, receiver.Receive(received, 2000));
            Assert.Equal(InetAddress.Parse(second), received[0].Remote.Address);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void A_packet_beyond_the_path_mtu_reports_it_and_the_next_ones_still_go(string here, string there)
    {
        var (a, b) = TestHost.Pair(mtu: 1400);
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings)))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            var batch = new PacketBatch(4, 1600);
            Put(batch, 3, here, there, 4500);
            batch[1].Length = 1500;
            a.In(() => sender.Send(batch));

            Assert.Equal([0, 1400, 0], new[] { batch[0].SendResult, batch[1].SendResult, batch[2].SendResult });
            var received = new PacketBatch(4, 1600);
            var count = receiver.Receive(received, 2000);
            count += count == 2 ? 0 : receiver.Receive(received, 2000);
            Assert.Equal(2, count);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", true)]
    [InlineData("2001:db8::1", "2001:db8::2", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8::1", "2001:db8::2", false)]
    public void A_packet_that_may_be_fragmented_arrives_whole_over_a_smaller_link(string here, string there, bool udp)
    {
        var (a, b) = TestHost.Pair(mtu: 1280);
        using (a)
        using (b)
        using (var sender = a.In(() => Open(udp)))
        using (var receiver = b.In(() => Open(udp)))
        {
            var batch = new PacketBatch(2, 1600);
            Put(batch, 1, here, there, (ushort)(udp ? 4500 : 0));
            batch[0].Length = 1400;
            batch[0].MayFragment = true;
            sender.Send(batch);

            Assert.Equal(0, batch[0].SendResult);
            var received = new PacketBatch(2, 1600);
            Assert.Equal(1, receiver.Receive(received, 2000));
            Assert.Equal(1400, received[0].Length);
        }
    }

    [Fact]
    public void A_datagram_longer_than_a_slot_is_dropped_not_cut()
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings)))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            var batch = new PacketBatch(2, 1600);
            Put(batch, 1, "192.0.2.1", "192.0.2.2", 4500);
            batch[0].Length = 1000;
            sender.Send(batch);

            var received = new PacketBatch(2, 500);
            Assert.Equal(1, receiver.Receive(received, 2000));
            Assert.Equal(0, received[0].Length);
        }
    }

    [Fact]
    public void A_packet_the_kernel_refuses_says_so()
    {
        using var host = new TestHost("alone");
        using var link = host.In(() => new UdpLink(4500, Settings));
        var batch = new PacketBatch(2, 1600);
        Put(batch, 2, "192.0.2.1", "192.0.2.2", 4500);
        link.Send(batch);

        Assert.Equal(-1, batch[0].SendResult);
        Assert.Equal(-1, batch[1].SendResult);
    }

    [Fact]
    public void A_port_that_is_taken_is_refused_with_its_name()
    {
        using var host = new TestHost("alone");
        using var link = host.In(() => new UdpLink(500, Settings));

        var e = Assert.Throws<LinuxException>(() => host.In(() => new UdpLink(500, Settings)));
        Assert.Contains("udp 500", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_ipv6_the_link_carries_ipv4()
    {
        using var host = new TestHost("alone");
        host.Sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1");
        using var link = host.In(() => new UdpLink(4500, Settings));

        Assert.True(link.HasV4);
    }

    [Fact]
    public void Interrupt_ends_a_wait()
    {
        using var host = new TestHost("alone");
        using var link = host.In(() => new UdpLink(4500, Settings));
        link.Interrupt();

        Assert.Equal(0, link.Receive(new PacketBatch(2, 1600), Timeout.Infinite));
    }

    private static DualStackLink Open(bool udp) => udp ? new UdpLink(4500, Settings) : new RawEspLink(Settings);

    private static void Put(PacketBatch batch, int count, string local, string remote, ushort port)
    {
        for (var i = 0; i < count; i++)
        {
            var text = Encoding.ASCII.GetBytes($"datagram {i}");
            batch.Count++;
            batch[i].Length = text.Length;
            text.CopyTo(batch.Data(i));
            batch[i].Local = new InetEndpoint(InetAddress.Parse(local), port);
            batch[i].Remote = new InetEndpoint(InetAddress.Parse(remote), port);
        }
    }
}
