using System.Globalization;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests.Soak;

/// <summary>
/// Bulk traffic of many flows through two datapaths over a bad wire, both ways. The short form of <c>./soak</c>, which sets
/// LATCHKEY_SOAK_MIB and LATCHKEY_SOAK_SEED.
/// </summary>
public class SoakTests(ITestOutputHelper output)
{
    private static readonly ChannelId[] Channels = [new(1), new(2)];

    [Fact]
    public void Every_octet_arrives_right_or_not_at_all_and_never_twice()
    {
        var target = Setting("LATCHKEY_SOAK_MIB", 192) << 20;
        var seed = (int)Setting("LATCHKEY_SOAK_SEED", 20_260_101);
        var random = new Random(seed);
        SoakHost w = null!;
        SoakHost c = null!;
        using var toW = new BadWire(seed + 1, batch => w.Datapath.ProcessInbound(batch, Encapsulation.Udp));
        using var toC = new BadWire(seed + 2, batch => c.Datapath.ProcessInbound(batch, Encapsulation.Udp));
        using (c = new(toW))
        using (w = new(toC))
        {
            var fromC = Streams(c, w, ["192.0.2.2", "2001:db8::2"], ["192.0.2.1", "2001:db8::1"]);
            var fromW = Streams(w, c, ["192.0.2.1", "2001:db8::1"], ["192.0.2.2", "2001:db8::2"]);
            // With one bit turned they are still SPIs: an SPI of 0 would be IKE.
            Install(c, w, "192.0.2.2", "192.0.2.1", Channels[0], 0x1031);
            Install(c, w, "2001:db8::2", "2001:db8::1", Channels[1], 0x2057);
            var octets = 0L;
            while (octets < target)
            {
                octets += c.Send(fromC, random) + w.Send(fromW, random);
            }

            toW.Drain();
            toC.Drain();
            Check(c, toW, w);
            Check(w, toC, c);
            output.WriteLine(
                $"{octets >> 20} MiB in {c.Sent + w.Sent} packets, seed {seed}: {toW.Lost + toC.Lost} lost, {toW.Bad + toC.Bad} bad copies refused, "
                + $"{w.Delivered + c.Delivered} delivered in {w.Entries + c.Entries} entries into the stack");
        }
    }

    private static void Check(SoakHost sender, BadWire wire, SoakHost receiver)
    {
        Assert.Equal(sender.Sent, wire.Packets);
        Assert.Equal(sender.Sent, sender.Datapath.Sent.Packets);
        Assert.Equal(wire.Packets - wire.Lost, receiver.Delivered);
        Assert.Equal(receiver.Delivered, receiver.Datapath.Received.Packets);
        var drops = receiver.Datapath.Drops;
        Assert.Equal(wire.Bad, drops.Values.Sum());
        Assert.Equal(
            wire.Bad, new[] { DropReason.Replayed, DropReason.IntegrityFailed, DropReason.UnknownSpi, DropReason.Malformed }.Sum(reason => drops[reason]));
        Assert.True(receiver.Entries < receiver.Delivered / 2, "super-segments are joined again");
    }

    private static List<Stream> Streams(SoakHost from, SoakHost to, string[] here, string[] there)
    {
        var streams = new List<Stream>();
        for (var i = 0; i < 16; i++)
        {
            var family = i % 2;
            var flow = new FlowKey(
                i % 4 < 2 ? IpProtocol.Tcp : IpProtocol.Udp, InetAddress.Parse(here[family]), (ushort)(1000 + i), InetAddress.Parse(there[family]), (ushort)(2000 + i));
            from.Datapath.Bind(flow, Channels[family]);
            to.Datapath.Bind(flow.Reversed, Channels[family]);
            streams.Add(new(flow, i, size: 1400 - (i * 64)));
            to.Expect(streams[^1]);
        }

        return streams;
    }

    private static void Install(SoakHost c, SoakHost w, string atC, string atW, ChannelId channel, uint spi)
    {
        foreach (var (host, mine, theirs, toHost, fromHost) in new[] { (c, atC, atW, spi + 1, spi), (w, atW, atC, spi, spi + 1) })
        {
            foreach (var direction in new[] { SaDirection.Inbound, SaDirection.Outbound })
            {
                var number = direction == SaDirection.Inbound ? toHost : fromHost;
                var (local, remote) = (InetAddress.Parse(mine), InetAddress.Parse(theirs));
                host.Datapath.Install(new(
                    direction, number, channel, Algorithms.Aeads[0], new(Host.KeyFor(number, Algorithms.Aeads[0])), Esn: true,
                    SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(local), 0), TrafficSelector.For(InetPrefix.Of(remote), 0)),
                    new(local, 4500), new(remote, 4500), Encapsulation.Udp));
            }
        }
    }

    private static long Setting(string name, long otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? long.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
