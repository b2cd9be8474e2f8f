using System.Text.RegularExpressions;

namespace Latchkey.Conformance.Tests;

/// <summary>One row of docs/conformance.md.</summary>
/// <param name="Number">For example L29, or S1a.</param>
/// <param name="Proof">The last column, as it is written.</param>
public sealed partial record Requirement(string Number, string Proof)
{
    private const string Laboratory = "lab ";
    private const string Interoperability = "interop ";

    /// <summary>Test methods that prove it.</summary>
    public IReadOnlyList<string> Tests => [.. Code().Where(name => !name.StartsWith(Laboratory, StringComparison.Ordinal) && !name.StartsWith(Interoperability, StringComparison.Ordinal))];

    /// <summary>Scenarios that prove it.</summary>
    public IReadOnlyList<string> Scenarios => Named(Laboratory);

    /// <summary>Cases with other implementations that prove it.</summary>
    public IReadOnlyList<string> Cases => Named(Interoperability);

    /// <summary>The product does not do it, or not all of it.</summary>
    public bool IsOpen => Proof.Contains("not yet", StringComparison.OrdinalIgnoreCase);

    /// <summary>It has no place here, and the row says why.</summary>
    public bool DoesNotApply => ReasonGiven().IsMatch(Proof);

    /// <summary>The rows of a document, in order.</summary>
    public static IReadOnlyList<Requirement> Read(string document) =>
        [.. Row().Matches(document).Select(row => new Requirement(row.Groups["number"].Value, row.Groups["proof"].Value.Trim()))];

    private IReadOnlyList<string> Named(string kind) => [.. Code().Where(name => name.StartsWith(kind, StringComparison.Ordinal)).Select(name => name[kind.Length..])];

    private IEnumerable<string> Code() => Quoted().Matches(Proof).Select(quoted => quoted.Groups[1].Value);

    // Greedy up to the last column: cells before it may be empty, and none contains a bar.
    [GeneratedRegex(@"^\| (?<number>[A-Z]\d+[a-z]?) \|.*\|(?<proof>[^|\n]*)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^does not apply: .{10,}")]
    private static partial Regex ReasonGiven();
}
