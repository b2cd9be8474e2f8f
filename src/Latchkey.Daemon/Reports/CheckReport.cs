using Latchkey.Daemon.Configuration;

namespace Latchkey.Daemon.Reports;

/// <summary><c>latchkey check --json</c>.</summary>
/// <param name="Ok">The daemon would start with this file.</param>
/// <param name="Explanation">What the file means, one sentence each; empty when it is not ok.</param>
public sealed record CheckReport(bool Ok, string Config, IReadOnlyList<FindingReport> Findings, IReadOnlyList<string> Explanation)
{
    public static CheckReport From(string file, ConfigurationResult result) => new(
        result.Configuration is not null,
        file,
        [.. result.Findings.Select(FindingReport.From)],
        result.Configuration is { } configuration ? PolicyExplanation.Of(configuration) : []);
}

/// <summary>One error or warning; line and column count from 1, and are 0 when the whole file is meant.</summary>
/// <param name="Kind">error or warning.</param>
public sealed record FindingReport(string Kind, string File, int Line, int Column, string Message, string Remedy)
{
    public static FindingReport From(Finding finding) => new(
        finding.Kind == FindingKind.Error ? "error" : "warning", finding.File, finding.Line, finding.Column, finding.Message, finding.Remedy);
}

/// <summary>Why a command or request was refused.</summary>
public sealed record ErrorReport(string Error, string Remedy);
