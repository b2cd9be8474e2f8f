using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Both directions at once, while what they rely on is changed.</summary>
public class LanesTests
{
    [Fact]
    public void L36_What_Block_stopped_is_not_on_its_way_when_it_returns()
    {
        using var pair = new Pair();
        pair.C.Udp.Discard = pair.C.Tun.Discard = true;
        pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Ack, payload: 100));
        using var stop = new CancellationTokenSource();
        var outbound = new Thread(() => Repeat(pair, pair.C.Datapath.ProcessOutbound, [Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 100)], stop.Token));
        outbound.Start();
        try
        {
            for (var round = 0; round < 200; round++)
            {
                var before = pair.C.Datapath.Sent.Packets;
                Assert.True(SpinWait.SpinUntil(() => pair.C.Datapath.Sent.Packets > before, TimeSpan.FromSeconds(30)));
                pair.C.Datapath.Block(pair.Tcp, DropReason.LatchBroken);
                var sent = pair.C.Datapath.Sent.Packets;
                var dropped = pair.C.Drops(DropReason.LatchBroken);
                Assert.True(SpinWait.SpinUntil(() => pair.C.Drops(DropReason.LatchBroken) > dropped, TimeSpan.FromSeconds(30)));
                Assert.Equal(sent, pair.C.Datapath.Sent.Packets);
                pair.C.Datapath.Forget(pair.Tcp);
                pair.C.Datapath.Bind(pair.Tcp, Host.Channel);
            }
        }
        finally
        {
            stop.Cancel();
            outbound.Join();
        }
    }

    [Fact]
    public void Both_directions_run_while_flows_and_sas_come_and_go()
    {
        using var pair = new Pair();
        pair.C.Udp.Discard = pair.C.Tun.Discard = true;
        for (var i = 0; i < 64; i++)
        {
            pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Ack, (uint)(1 + i), 1, payload: 1));
        }

        var arriving = pair.W.Udp.TakeSent().Select(p => p.Octets).ToArray();
        using var stop = new CancellationTokenSource();
        Exception? failure = null;
        var threads = new[]
        {
            new Thread(() => Try(() => Repeat(pair, pair.C.Datapath.ProcessOutbound, [Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 100)], stop.Token))),
            new Thread(() => Try(() => Repeat(pair, batch => pair.C.Datapath.ProcessInbound(batch, Encapsulation.Udp), arriving, stop.Token))),
            new Thread(() => Try(() => Repeat(pair, batch => pair.C.Datapath.ProcessInbound(batch, Encapsulation.Esp), arriving, stop.Token))),
        };
        Array.ForEach(threads, t => t.Start());
        for (uint round = 0; round < 300; round++)
        {
            var other = pair.Tcp with { LocalPort = (ushort)(1000 + round) };
            pair.C.Datapath.Bind(other, new(2 + round));
            pair.C.Install(SaDirection.Outbound, pair.W.Address, 0x9000 + round, channel: new(2 + round));
            pair.C.Install(SaDirection.Inbound, pair.W.Address, Pair.SpiToC);
            pair.C.Datapath.Block(other, DropReason.LatchBroken);
            pair.C.Datapath.Notify(other, FlowNotice.Reset);
            pair.C.Datapath.Remove(SaDirection.Outbound, new(2 + round), 0x9000 + round);
            pair.C.Datapath.Forget(other);
            pair.C.Datapath.Tick();
        }

        stop.Cancel();
        Array.ForEach(threads, t => t.Join());
        Assert.Null(failure);
        Assert.True(pair.C.Datapath.Received.Packets > 0);

        void Try(Action run)
        {
            try
            {
                run();
            }
            catch (Exception e) when (failure is null)
            {
                failure = e;
            }
        }
    }

    private static void Repeat(Pair pair, Action<PacketBatch> process, byte[][] packets, CancellationToken stop)
    {
        var batch = new PacketBatch(packets.Length, 2000);
        while (!stop.IsCancellationRequested)
        {
            batch.Clear();
            foreach (var packet in packets)
            {
                ref var slot = ref batch[batch.Count++];
                slot.Length = packet.Length;
                (slot.Local, slot.Remote) = (new(pair.C.Address, 4500), new(pair.W.Address, 4500));
                packet.CopyTo(batch.Data(batch.Count - 1));
            }

            process(batch);
        }
    }
}
