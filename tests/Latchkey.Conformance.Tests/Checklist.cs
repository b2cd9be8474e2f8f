namespace Latchkey.Conformance.Tests;

/// <summary>The numbers that docs/conformance.md must have.</summary>
public static class Checklist
{
    /// <summary>Scenarios with letters: the variants of the acceptance list.</summary>
    private static readonly string[] Variants =
        ["S1a", "S1b", "S1c", "S1d", "S2b", "S3u", "S5a", "S7s", "S8s", "S9a", "S11a"];

    public static IReadOnlyList<string> Numbers { get; } =
    [
        .. Range("L", 1, 49), .. Range("C", 1, 6), .. Range("R", 1, 2), .. Range("B", 1, 14), .. Range("I", 1, 6), .. Range("Q", 1, 8),
        .. Range("S", 0, 17), .. Variants,
    ];

    private static IEnumerable<string> Range(string letter, int first, int last) => Enumerable.Range(first, last - first + 1).Select(number => $"{letter}{number}");
}
