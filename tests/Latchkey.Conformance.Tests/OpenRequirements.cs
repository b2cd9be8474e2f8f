namespace Latchkey.Conformance.Tests;

/// <summary>What this version does not do yet, said in docs/conformance.md. The list only ever shrinks, and ends empty.</summary>
public static class OpenRequirements
{
    public static IReadOnlyCollection<string> Numbers { get; } =
    [
    ];
}
