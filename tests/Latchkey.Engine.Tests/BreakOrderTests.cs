using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>The order in which many latches break together.</summary>
public sealed class BreakOrderTests
{
    [Fact]
    public void L28_S14_Of_a_thousand_latches_all_are_blocked_first_each_is_told_before_its_socket_and_the_first_does_not_wait_for_the_last()
    {
        using var pair = new EnginePair(birth: 1);
        pair.WLatches(Enumerable.Range(41000, 1000).Select(port => (ushort)port));
        var before = pair.EffectsOfW.Count;
        pair.RestartC(birth: 2);
        pair.CConnects(40001);

        var since = pair.EffectsOfW.Skip(before).ToList();
        var blocks = PlacesOf(since, e => (e as BlockFlow)?.Flow);
        var alerts = PlacesOf(since, e => e is Raise { Event: { Kind: EventKind.LatchBroken } broken } ? broken.Flow : null);
        var notices = PlacesOf(since, e => (e as NotifyFlow)?.Flow);
        Assert.Equal(1001, notices.Count);
        Assert.True(blocks.Values.Max() < alerts.Values.Min());
        Assert.All(notices, notice => Assert.True(alerts[notice.Key] < notice.Value));
        Assert.True(notices.Values.Min() < alerts.Values.Order().ElementAt(500), "the first socket waits until half of all alerts are raised");
        Assert.True(notices.Values.Max() < since.FindIndex(e => e is InstallSa));
    }

    private static Dictionary<FlowKey, int> PlacesOf(IEnumerable<Effect> effects, Func<Effect, FlowKey?> flow) => effects
        .Select((effect, place) => (Flow: flow(effect), place)).Where(e => e.Flow is not null).ToDictionary(e => e.Flow!.Value, e => e.place);
}
