namespace Latchkey.Conformance.Tests;

/// <summary>What this version does not do yet, said in docs/conformance.md. The list only ever shrinks, and ends empty.</summary>
public static class OpenRequirements
{
    public static IReadOnlyCollection<string> Numbers { get; } =
    [
        "B13",
        "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8",
        "S1b", "S1c", "S1d", "S14",
    ];
}
