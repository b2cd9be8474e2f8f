using System.Collections.Immutable;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>Collects what is wrong with one file, so that a person sees everything at once.</summary>
internal sealed class FindingList(string file)
{
    private readonly List<Finding> _findings = [];

    public bool HasErrors => _findings.Exists(f => f.Kind == FindingKind.Error);

    public void Error(SyntaxNode at, string message, string remedy) => Error(at.Span.Start, message, remedy);

    public void Error(TextPosition at, string message, string remedy) => Add(FindingKind.Error, at, message, remedy);

    public void Warning(TextPosition at, string message, string remedy) => Add(FindingKind.Warning, at, message, remedy);

    /// <summary>An error that concerns the file as a whole.</summary>
    public void ErrorInFile(string message, string remedy) => _findings.Add(new(FindingKind.Error, file, 0, 0, message, remedy));

    public void WarningInFile(string message, string remedy) => _findings.Add(new(FindingKind.Warning, file, 0, 0, message, remedy));

    public ImmutableArray<Finding> ToImmutable() => [.. _findings.OrderBy(f => f.Line).ThenBy(f => f.Column)];

    // Tomlyn counts lines and columns from 0, people and editors from 1.
    private void Add(FindingKind kind, TextPosition at, string message, string remedy) =>
        _findings.Add(new(kind, file, at.Line + 1, at.Column + 1, message, remedy));
}
