using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>A peer that asks without end for what it does not get is refused each time, and spoken of now and then.</summary>
public class ToldRefusalsTests
{
    private const int Most = 10;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    [Fact]
    public void Ten_in_ten_seconds_are_told_and_the_rest_is_counted_with_the_next()
    {
        using var pair = new EnginePair();
        Ask(pair, from: 0, times: 50);
        Assert.Equal(Most, Refusals(pair).Count());

        pair.Run(Within);
        Ask(pair, from: 100, times: 1);
        Assert.EndsWith(" (what was refused or narrowed before this and not told: 40)", Refusals(pair).Last().Text, StringComparison.Ordinal);

        pair.Run(Within);
        Ask(pair, from: 200, times: 1);
        Assert.DoesNotContain("not told", Refusals(pair).Last().Text, StringComparison.Ordinal);
        Assert.Equal(Most + 2, Refusals(pair).Count());
    }

    private static IEnumerable<EngineEvent> Refusals(EnginePair pair) => pair.Told.Where(e => e.Kind == EventKind.ChildRefused);

    /// <summary>C asks W for Child SAs that W's policy does not know. Only because its own is another each time it does so at once.</summary>
    private static void Ask(EnginePair pair, int from, int times)
    {
        for (var i = from; i < from + times; i++)
        {
            var entry = Standard.Service with { Name = $"datagrams {i}", Protocol = IpProtocol.Udp };
            pair.C.ChangePolicy(pair.Now, new SecurityPolicy([Standard.Service, entry], []), []);
            var flow = EnginePair.FlowFrom((ushort)(50000 + i)) with { Protocol = IpProtocol.Udp };
            pair.C.HandleOutboundFlow(pair.Now, flow);
            pair.Run(TimeSpan.FromMilliseconds(100));
            pair.C.HandleFlowEnded(pair.Now, flow, FlowEnd.Closed);
        }
    }
}
