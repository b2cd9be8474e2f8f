using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class SteadyStateTests
{
    [Fact]
    public void Nothing_is_allocated_for_a_packet()
    {
        using var pair = new Pair();
        pair.C.Udp.Discard = true;
        var packet = Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1000);
        var batch = new PacketBatch(32, 2000);
        Assert.Equal(0, LeastAllocated(50, () => SendBatch(pair, batch, packet)));
    }

    [Fact]
    public void Nothing_is_allocated_for_a_packet_that_arrives()
    {
        using var pair = new Pair();
        for (var i = 0; i < 100; i++)
        {
            pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1000));
        }

        var packets = pair.C.Udp.TakeSent();
        pair.W.Tun.Discard = true;
        var batch = new PacketBatch(1, 2000);
        var next = 0;
        var allocated = LeastAllocated(packets.Count, () =>
        {
            batch.Clear();
            batch.Count = 1;
            batch[0].Length = packets[next].Octets.Length;
            (batch[0].Local, batch[0].Remote) = (new(pair.W.Address, 4500), new(pair.C.Address, 4500));
            packets[next++].Octets.CopyTo(batch.Data(0));
            pair.W.Datapath.ProcessInbound(batch, Encapsulation.Udp);
        });
        Assert.Equal(100, pair.W.Datapath.Received.Packets);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Nothing_is_allocated_for_a_super_segment_and_for_the_train_that_arrives()
    {
        using var pair = new Pair();
        var packet = Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 40_000);
        var (super, offload) = SlowOffload.Super(packet, 20, 1000);
        var batch = new PacketBatch(2, 65_535);
        var trains = new Queue<byte[]>();
        pair.W.Tun.Discard = true;
        for (var i = 0; i < 100; i++)
        {
            pair.C.Send(((byte[])super.Clone(), offload));
            trains.Enqueue([.. pair.C.Udp.TakeSent().SelectMany(p => p.Octets)]);
        }

        pair.C.Udp.Discard = true;
        Assert.Equal(0, LeastAllocated(50, () =>
        {
            Fill(super, default, default);
            batch[0].Offload = offload;
            pair.C.Datapath.ProcessOutbound(batch);
        }));
        Assert.Equal(0, LeastAllocated(100, () =>
        {
            Fill(trains.Dequeue(), new(pair.W.Address, 4500), new(pair.C.Address, 4500));
            batch[0].SegmentSize = 1000 + 20 + 8 + 8 + 2 + 2 + 16;
            pair.W.Datapath.ProcessInbound(batch, Encapsulation.Udp);
        }));
        Assert.Equal(4000, pair.W.Datapath.Received.Packets);

        void Fill(byte[] octets, InetEndpoint local, InetEndpoint remote)
        {
            batch.Clear();
            batch.Count = 1;
            (batch[0].Length, batch[0].Local, batch[0].Remote) = (octets.Length, local, remote);
            octets.CopyTo(batch.Data(0));
        }
    }

    [Fact]
    public void Threads_carry_packets_from_link_to_link_and_stop()
    {
        using var pair = new Pair();
        var failures = new List<string>();
        using (new DatapathThreads(pair.C.Datapath, pair.C.Tun, pair.C.Outer, 2000, (name, e) => failures.Add($"{name}: {e}")))
        {
            for (var i = 0; i < 10; i++)
            {
                pair.C.Tun.Put(Packets.Udp(pair.Udp));
            }

            Assert.True(SpinWait.SpinUntil(() => pair.C.Datapath.Sent.Packets == 10, TimeSpan.FromSeconds(30)));
        }

        Assert.Empty(failures);
        Assert.Equal(10, pair.C.CarryTo(pair.W));
    }

    /// <summary>
    /// Octets allocated by the cheapest of several calls: what a packet costs is allocated by every call, what the runtime
    /// does once in a while on this thread (compiling a method anew, say) is not.
    /// </summary>
    private static long LeastAllocated(int calls, Action call)
    {
        var least = long.MaxValue;
        for (var i = 0; i < calls; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void SendBatch(Pair pair, PacketBatch batch, byte[] packet)
    {
        batch.Clear();
        for (var i = 0; i < batch.Capacity; i++)
        {
            batch[i].Length = packet.Length;
            packet.CopyTo(batch.Data(i));
        }

        batch.Count = batch.Capacity;
        pair.C.Datapath.ProcessOutbound(batch);
    }
}
