using System.Collections.Immutable;

namespace Latchkey.Daemon.Configuration;

public enum FindingKind
{
    /// <summary>The configuration cannot be used.</summary>
    Error,

    /// <summary>The configuration works, and probably not as its author thinks.</summary>
    Warning,
}

/// <summary>What is wrong with a configuration, where, and what to do about it.</summary>
/// <param name="Line">Counted from 1; 0 when the whole file is meant.</param>
/// <param name="Column">Counted from 1; 0 when the whole file is meant.</param>
/// <param name="Message">What was expected and what came.</param>
/// <param name="Remedy">What a person should do.</param>
public sealed record Finding(FindingKind Kind, string File, int Line, int Column, string Message, string Remedy)
{
    public string Place => Line == 0 ? File : $"{File}:{Line}:{Column}";

    public override string ToString() => $"{Place}: {(Kind == FindingKind.Error ? "error" : "warning")}: {Message}; {Remedy}";
}

/// <summary>A configuration file after reading.</summary>
/// <param name="Configuration">Null when there is an error among the findings.</param>
/// <param name="Findings">In the order of the file.</param>
public sealed record ConfigurationResult(DaemonConfiguration? Configuration, ImmutableArray<Finding> Findings)
{
    public IEnumerable<Finding> Errors => Findings.Where(f => f.Kind == FindingKind.Error);

    public IEnumerable<Finding> Warnings => Findings.Where(f => f.Kind == FindingKind.Warning);
}
