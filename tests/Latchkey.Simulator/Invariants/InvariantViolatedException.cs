namespace Latchkey.Simulator;

/// <summary>Something that must never be was seen.</summary>
public sealed class InvariantViolatedException(string invariant, string text) : Exception($"{invariant}: {text}")
{
    public string Invariant { get; } = invariant;
}
