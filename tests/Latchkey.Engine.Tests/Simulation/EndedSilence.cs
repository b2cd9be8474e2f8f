using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>A peer that was taken for lost and is asked for under another IKE SA answers after all.</summary>
public sealed class EndedSilence
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void Whenever_a_silence_ends_the_one_who_asked_keeps_one_IKE_SA_and_no_octet_is_lost()
    {
        for (var outage = 0; outage < 2000; outage += 5)
        {
            using var theatre = new Theatre();
            var world = theatre.World;
            var socket = theatre.Connect();
            world.Network.Partition(theatre.W, theatre.C);
            socket.Write(500);
            Assert.True(world.RunUntil(() => theatre.C.Daemon!.Raised.Any(e => e.Kind == EventKind.WhoIsThere), Soon));
            world.RunFor(TimeSpan.FromMilliseconds(outage));
            world.Network.HealPartitions();
            Assert.True(world.RunUntil(() => theatre.Served.Read == 3500, Soon), $"after {outage} ms");
            world.RunFor(Soon);
            var daemon = theatre.C.Daemon!;
            Assert.True(daemon.Engine.Sas().Count == 1, $"after {outage} ms: {string.Join('\n', daemon.Raised.Select(e => $"{e.At} {e.Kind} {e.Text}"))}");
            Assert.Contains(theatre.W.Daemon!.Engine.Sas(), sa => sa.SpiI == daemon.Engine.Sas().Single().SpiI);
            Assert.Equal(LatchState.Established, theatre.Latch.State);
        }
    }
}
