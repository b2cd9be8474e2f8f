using Latchkey.Contract;
using Latchkey.Linux.Sockets;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Linux.Tun;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>Super-segments and trains as the kernel really takes and gives them.</summary>
public sealed class OffloadTests
{
    private static readonly OuterSocketSettings Settings = new(Mark: 0x4c4b);

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", true, true)]
    [InlineData("2001:db8::1", "2001:db8::2", true, true)]
    [InlineData("192.0.2.1", "192.0.2.2", true, false)]
    [InlineData("192.0.2.1", "192.0.2.2", false, true)]
    public void A_train_arrives_datagram_by_datagram_whoever_has_trains(string here, string there, bool senderHas, bool receiverHas)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings with { Trains = senderHas })))
        using (var receiver = b.In(() => new UdpLink(4500, Settings with { Trains = receiverHas })))
        {
            Assert.Equal(senderHas, sender.HasTrains);
            var batch = Train(here, there, size: 500, octets: 20_100);
            sender.Send(batch);
            Assert.Equal((0, 0), (batch[0].SendResult, batch[0].Refused));

            var datagrams = Receive(receiver, 41, out var slots);
            Assert.Equal(Enumerable.Repeat(500, 40).Append(100), datagrams.Select(d => d.Length));
            Assert.Equal(batch.Data(0).ToArray(), datagrams.SelectMany(d => d));
            if (senderHas && receiverHas)
            {
                Assert.True(slots < 41, $"{slots} slots for 41 datagrams");
            }
        }
    }

    /// <summary>What a message may take is written over by what it took: a train says more of itself than a datagram.</summary>
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void A_train_arrives_where_a_single_datagram_lay_before(string here, string there)
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings with { Trains = true })))
        using (var receiver = b.In(() => new UdpLink(4500, Settings with { Trains = true })))
        {
            var received = new PacketBatch(1, 65_535);
            sender.Send(Train(here, there, size: 500, octets: 500));
            Assert.Equal(1, receiver.Receive(received, 10_000));
            Assert.Equal(500, received[0].Length);

            var train = Train(here, there, size: 500, octets: 20_100);
            train[0].TrafficClass = 0xB9;
            sender.Send(train);
            Assert.Equal(1, receiver.Receive(received, 10_000));
            Assert.Equal((20_100, 500, (byte)0xB9), (received[0].Length, received[0].SegmentSize, received[0].TrafficClass));
            Assert.Equal(InetAddress.Parse(there), received[0].Local.Address);
        }
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void A_train_too_large_for_the_path_tells_the_path_mtu_and_what_was_refused(string here, string there)
    {
        var (a, b) = TestHost.Pair(mtu: 1400);
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings with { Trains = true })))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            var batch = Train(here, there, size: 1400, octets: (3 * 1400) + 50);
            a.In(() => SendHere(sender, batch));
            Assert.Equal((1400, 3), (batch[0].SendResult, batch[0].Refused));
            Assert.Equal(50, Assert.Single(Receive(receiver, 1, out _)).Length);

            // What may be fragmented is.
            batch[0].MayFragment = true;
            sender.Send(batch);
            Assert.Equal((0, 0), (batch[0].SendResult, batch[0].Refused));
            Assert.Equal([1400, 1400, 1400, 50], Receive(receiver, 4, out _).Select(d => d.Length));
        }
    }

    /// <summary>A wire that stands still: the kernel's buffer is the bound, what finds it full is refused at once, and an end of it is the end.</summary>
    [Fact]
    public void A_stalled_wire_refuses_and_nobody_waits()
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new UdpLink(4500, Settings with { Trains = true, BufferOctets = 100_000 })))
        using (var receiver = b.In(() => new UdpLink(4500, Settings)))
        {
            a.Sh("tc qdisc add dev eth0 root tbf rate 8kbit burst 2000 limit 100000000");
            var batch = Train("192.0.2.1", "192.0.2.2", size: 500, octets: 20_000);
            for (var sent = 0; batch[0].Refused == 0; sent++)
            {
                Assert.True(sent < 100, "the kernel holds two million octets");
                sender.Send(batch);
            }

            Assert.Equal((PacketSlot.NoRoom, 40), (batch[0].SendResult, batch[0].Refused));
            Assert.False(sender.WaitForRoom(0));

            // Nothing is left behind of that: the next one goes as soon as the wire does.
            a.Sh("tc qdisc del dev eth0 root");
            Assert.True(sender.WaitForRoom(30_000));
            sender.Send(batch);
            Assert.Equal((0, 0), (batch[0].SendResult, batch[0].Refused));
            Assert.NotEmpty(Receive(receiver, 40, out _));
        }
    }

    [Fact]
    public void Plain_esp_takes_trains_and_sends_them_one_by_one()
    {
        var (a, b) = TestHost.Pair();
        using (a)
        using (b)
        using (var sender = a.In(() => new RawEspLink(Settings)))
        using (var receiver = b.In(() => new RawEspLink(Settings)))
        {
            var batch = Train("192.0.2.1", "192.0.2.2", size: 500, octets: 1600, port: 0);
            sender.Send(batch);
            Assert.Equal([500, 500, 500, 100], Receive(receiver, 4, out _).Select(d => d.Length));
        }
    }

    [Fact]
    public void Datagrams_of_a_local_socket_come_out_as_one_and_go_in_as_one()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500));
        Assert.SkipUnless(device.CutsUdp, "this kernel has no UDP segmentation for TUN devices");
        Assert.Empty(device.Degraded);
        host.Sh("ip address add 192.0.2.1/32 dev lo; ip route add 192.0.2.7 dev latchkey0 src 192.0.2.1");
        host.Python("import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(17, 103, 500); s.sendto(bytes(range(250)) * 6, ('192.0.2.7', 9))");

        var batch = new PacketBatch(4, 65_535);
        Assert.Equal(1, device.Receive(batch, 10_000));
        var offload = batch[0].Offload;
        Assert.Equal((SegmentKind.Udp, 500, true, 20, 6), (offload.Kind, offload.SegmentSize, offload.NeedsChecksum, offload.ChecksumStart, offload.ChecksumOffset));
        Assert.Equal(28 + 1500, batch[0].Length);

        // And back, as if the peer had sent it.
        var server = host.StartPython("""
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("192.0.2.1", 9))
            print("ready", flush=True)
            print([len(s.recvfrom(2000)[0]) for i in range(3)], flush=True)
            """);
        var packet = batch.Data(0);
        Span<byte> addresses = [.. packet[16..20], .. packet[12..16]];
        addresses.CopyTo(packet[12..]);
        var gather = new PacketGather(1, 2);
        gather.Begin();
        gather.Add(new(batch.Slab, batch.Position(0), 300));
        gather.Add(new(batch.Slab, batch.Position(0) + 300, batch[0].Length - 300));
        gather.Leave(offload);
        Assert.Equal(0, device.Send(gather));
        Assert.Equal("[500, 500, 500]", server.NextLine());
    }

    [Fact]
    public void A_super_segment_of_a_tcp_socket_comes_out_as_one()
    {
        using var host = new TestHost("tun");
        using var device = host.In(() => new TunDevice(1500));
        Assert.True(device.CutsTcp);
        host.Sh("ip address add 192.0.2.1/32 dev lo; ip route add 192.0.2.7 dev latchkey0 src 192.0.2.1");
        host.StartPython("""
            import socket
            print("ready", flush=True)
            s = socket.create_connection(("192.0.2.7", 9))
            s.sendall(bytes(10000))
            s.recv(1)
            """);
        var batch = new PacketBatch(16, 65_535);
        var answered = false;
        while (true)
        {
            Assert.NotEqual(0, device.Receive(batch, 10_000));
            for (var i = 0; i < batch.Count; i++)
            {
                Assert.True(TcpView.TryCreate(batch.Data(i)[20..], out var segment));
                if (!answered && (segment.Flags & TcpFlags.Syn) != 0)
                {
                    Answer(device, batch.Data(i), segment);
                    answered = true;
                }
                else if (segment.Payload.Length > 1460)
                {
                    Assert.Equal((SegmentKind.Tcp, true), (batch[i].Offload.Kind, batch[i].Offload.NeedsChecksum));
                    Assert.InRange(batch[i].Offload.SegmentSize, 500, 1460);
                    return;
                }
            }
        }
    }

    /// <summary>The path MTU is asked for in the network namespace of the caller.</summary>
    private static bool SendHere(UdpLink link, PacketBatch batch)
    {
        link.Send(batch);
        return true;
    }

    private static void Answer(TunDevice device, ReadOnlySpan<byte> syn, TcpView segment)
    {
        var (from, to) = (InetAddress.FromBytes(syn[16..20]), InetAddress.FromBytes(syn[12..16]));
        var batch = new PacketBatch(1, 100) { Count = 1 };
        batch[0].Length = 44;
        new Ipv4Header(from, to, IpProtocol.Tcp).Write(batch.Data(0), 24);
        new TcpHeader(segment.DestinationPort, segment.SourcePort, 1, segment.SequenceNumber + 1, TcpFlags.Syn | TcpFlags.Ack, 65_535)
            .Write(batch.Data(0)[20..], from, to, [2, 4, 5, 100]);
        Assert.Equal(0, Packets.Write(device, batch));
    }

    private static PacketBatch Train(string here, string there, int size, int octets, ushort port = 4500)
    {
        var batch = new PacketBatch(2, 65_535) { Count = 1 };
        ref var slot = ref batch[0];
        slot.Length = octets;
        slot.SegmentSize = size;
        slot.Local = new(InetAddress.Parse(here), port);
        slot.Remote = new(InetAddress.Parse(there), port);
        var data = batch.Data(0);
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = (byte)(i * 7 / 3);
        }

        return batch;
    }

    private static List<byte[]> Receive(IPacketLink link, int count, out int slots)
    {
        var batch = new PacketBatch(64, 65_535);
        var datagrams = new List<byte[]>();
        slots = 0;
        while (datagrams.Count < count)
        {
            Assert.NotEqual(0, link.Receive(batch, 10_000));
            slots += batch.Count;
            for (var i = 0; i < batch.Count; i++)
            {
                var size = batch[i].SegmentSize > 0 ? batch[i].SegmentSize : batch[i].Length;
                datagrams.AddRange(batch.Data(i).ToArray().Chunk(size));
            }
        }

        return datagrams;
    }
}
