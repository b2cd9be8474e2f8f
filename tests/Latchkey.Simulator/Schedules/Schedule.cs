using System.Collections.Immutable;

namespace Latchkey.Simulator;

/// <summary>A world, what is done to it, and who holds a contested address in the end.</summary>
/// <param name="Actions">In the order of time.</param>
/// <param name="NewcomersStay">At the end a taken address stays with who took it; else its first owner has it back.</param>
public sealed record Schedule(WorldPlan World, ImmutableArray<ScheduledAction> Actions, bool NewcomersStay)
{
    /// <summary>The schedule with only some of its actions, named by their places.</summary>
    public Schedule Keep(IEnumerable<int> places) => this with { Actions = [.. places.Select(place => Actions[place])] };
}
