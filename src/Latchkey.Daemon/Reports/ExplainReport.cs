namespace Latchkey.Daemon.Reports;

/// <summary><c>latchkey explain FLOW --json</c>, <c>GET /explain?flow=FLOW</c>.</summary>
/// <param name="Flow">The question as it was understood.</param>
/// <param name="Protected">Some protect entry covers the flow, or a part of what was asked.</param>
/// <param name="Entries">Names of those entries.</param>
/// <param name="Latches">Latches of such flows.</param>
/// <param name="Sentences">The answer for people.</param>
public sealed record ExplainReport(
    string Flow, bool Protected, IReadOnlyList<string> Entries, IReadOnlyList<LatchReport> Latches, IReadOnlyList<string> Sentences);
