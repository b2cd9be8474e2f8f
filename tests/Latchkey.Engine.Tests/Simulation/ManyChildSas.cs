using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>IKE SAs under which many flows have Child SAs for themselves alone.</summary>
public sealed class ManyChildSas
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);

    /// <summary>What is looked at leaves garbage behind, so that octets count the looks: four times as many, and not sixteen.</summary>
    [Fact]
    public void The_end_of_an_IKE_SA_costs_as_much_for_each_Child_SA_however_many_there_are()
    {
        var (few, many) = (OctetsToClose(100), OctetsToClose(400));
        Assert.InRange(many, 2 * few, 8 * few);
    }

    /// <summary>docs/decisions/replaced-sas-linger.md</summary>
    [Fact]
    public void What_one_for_more_flows_carries_from_now_on_may_still_arrive_under_the_old_one()
    {
        var settings = Standard.Engine with { NarrowMaximum = 3, Ike = Standard.Engine.Ike with { AuthenticationLifetime = Lifetime } };
        using var pair = Narrow(3, settings);
        IEnumerable<RemoveSa> Removed() => pair.OfW<RemoveSa>().Where(e => e.Direction == SaDirection.Inbound);
        while (!pair.Told.Any(e => e.Kind == EventKind.IkeSaReauthenticated))
        {
            Assert.True(pair.Now < Lifetime);
            pair.Run(TimeSpan.FromMilliseconds(50));
        }

        // Of the four Child SAs no more than three were made again.
        Assert.Equal(3, Assert.Single(pair.W.Sas()).Children.Length);
        pair.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(Removed());
        pair.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(4, Removed().Count());
    }

    private static long OctetsToClose(int flows)
    {
        using var pair = Narrow(flows, Standard.Engine with { NarrowMaximum = flows });
        Assert.Equal(flows + 1, Assert.Single(pair.W.Sas()).Children.Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        pair.W.Shutdown(pair.Now);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>C has Child SAs for some flows alone beside the one for all.</summary>
    private static EnginePair Narrow(int flows, EngineSettings settings)
    {
        var pair = new EnginePair(settings: settings);
        for (var i = 0; i < flows; i++)
        {
            var flow = EnginePair.FlowFrom((ushort)(41_000 + i));
            pair.C.HandleOutboundFlow(pair.Now, flow);
            Assert.Null(pair.C.Grant(pair.Now, flow, FlowWishes.None with { Narrow = true }));
            pair.Run(TimeSpan.FromMilliseconds(5));
        }

        pair.Run(TimeSpan.FromSeconds(3));
        return pair;
    }
}
