using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Ways out that are full: what waits, waits in the device's queue; what is lost is counted.</summary>
public class BackpressureTests
{
    private const int Many = 2000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_link_that_is_full_for_a_while_costs_no_packet_and_no_order()
    {
        using var pair = new Pair();
        pair.C.Udp.Capacity = 200;
        for (var i = 0; i < Many; i++)
        {
            pair.C.Tun.Put(Packets.Udp(pair.Udp, 100 + (i % 50)));
        }

        var failures = new List<string>();
        var sent = new List<byte[]>();
        using (new DatapathThreads(pair.C.Datapath, pair.C.Tun, pair.C.Outer, 2000, (name, e) => failures.Add($"{name}: {e}")))
        {
            // It stands still until the datapath has given up reading: two batches of 64 make it more than half full.
            Assert.True(SpinWait.SpinUntil(() => pair.C.Udp.Fullest >= 100, Long));
            while (sent.Count < Many)
            {
                Assert.True(pair.C.Tun.Waiting >= Many - sent.Count - 200 - 64, "what does not go out is not taken in");
                Assert.True(SpinWait.SpinUntil(() => !pair.C.Udp.WaitForRoom(0) || pair.C.Tun.Waiting == 0, Long));
                sent.AddRange(pair.C.Udp.TakeSent().Select(p => p.Octets));
            }
        }

        Assert.Empty(failures);
        Assert.True(pair.C.Udp.Fullest <= 200);
        Assert.Equal(Enumerable.Range(1, Many).Select(i => (uint)i), sent.Select(p => BinaryPrimitives.ReadUInt32BigEndian(p.AsSpan(4))));
        Assert.DoesNotContain(pair.C.Datapath.Drops, drop => drop.Value != 0);

        sent.ForEach(p => pair.W.Receive(p, pair.C.Address));
        Assert.Equal(Enumerable.Range(0, Many).Select(i => 128 + (i % 50)), pair.W.Delivered().Select(p => p.Length));
    }

    [Fact]
    public void A_link_that_stays_full_does_not_hold_up_the_others_for_ever()
    {
        using var pair = new Pair();
        pair.C.Udp.Capacity = 2;
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.False(pair.C.Datapath.WaitForRoom(0));
        pair.C.Pass(999);
        Assert.False(pair.C.Datapath.WaitForRoom(0));
        pair.C.Pass(1);
        Assert.True(pair.C.Datapath.WaitForRoom(0));

        // Its own buffer refuses then, and each refusal is counted.
        pair.C.Send([.. Enumerable.Range(0, 5).Select(_ => Packets.Udp(pair.Udp))]);
        Assert.Equal(4, pair.C.Drops(DropReason.LinkFull));
        Assert.Equal(2, pair.C.Datapath.Sent.Packets);

        // It takes again, and is waited for again.
        pair.C.Udp.TakeSent();
        Assert.True(pair.C.Datapath.WaitForRoom(0));
        pair.C.Send(Packets.Udp(pair.Udp));
        Assert.False(pair.C.Datapath.WaitForRoom(0));
    }

    /// <summary>A latch that breaks while the way is full: nothing of it is on its way, for nothing was taken in.</summary>
    [Fact]
    public void L36_What_waits_behind_a_full_link_is_blocked_with_its_flow()
    {
        using var pair = new Pair();
        pair.C.Udp.Capacity = 2;
        pair.C.Send(Packets.Udp(pair.Udp));
        pair.C.Tun.Put(Packets.Udp(pair.Udp));
        Assert.False(pair.C.Datapath.WaitForRoom(0));
        pair.C.Datapath.Block(pair.Udp, DropReason.LatchBroken);
        Assert.Single(pair.C.Udp.TakeSent());
        Assert.True(pair.C.Datapath.WaitForRoom(0));
        pair.C.Send();
        Assert.Empty(pair.C.Udp.TakeSent());
        Assert.Equal(1, pair.C.Drops(DropReason.LatchBroken));
    }

    [Fact]
    public void What_the_device_lost_is_counted_with_the_rest()
    {
        using var pair = new Pair();
        pair.C.Tun.Overflowed = 7;
        Assert.Equal(7, pair.C.Drops(DropReason.DeviceQueueFull));
    }

    [Fact]
    public void Threads_stop_while_the_way_is_full()
    {
        using var pair = new Pair();
        pair.C.Udp.Capacity = 0;
        pair.C.Tun.Put(Packets.Udp(pair.Udp));
        new DatapathThreads(pair.C.Datapath, pair.C.Tun, pair.C.Outer, 2000, (_, e) => throw e).Dispose();
        Assert.Equal(1, pair.C.Tun.Waiting);
    }
}
