using System.Collections.Immutable;

namespace Latchkey.Engine;

/// <summary>What a change of policy did.</summary>
/// <param name="Differences">What is different, one sentence each; empty when nothing is.</param>
/// <param name="Broken">Latches that the new policy contradicts, broken.</param>
/// <param name="Closed">Latches whose peer is no longer authorised, closed.</param>
/// <param name="Kept">Latches that the new policy contradicts and that stay, as their entry says.</param>
/// <param name="Untouched">ESTABLISHED latches that the new policy agrees with.</param>
public sealed record PolicyChangeResult(ImmutableArray<string> Differences, int Broken, int Closed, int Kept, int Untouched);
