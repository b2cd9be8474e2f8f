namespace Latchkey.Daemon.Reports;

/// <summary>What became of <c>latchkey reload</c>, <c>POST /reload</c>.</summary>
/// <param name="Reloaded">The file's policy is in force. If not, the one that was still is, untouched.</param>
/// <param name="Findings">What is wrong with the file, or to be warned of.</param>
/// <param name="Changes">What is different now, one sentence each.</param>
/// <param name="Broken">Latches that the policy contradicts, broken.</param>
/// <param name="Closed">Latches whose peer is no longer authorised, or whose connection began in clear: closed.</param>
/// <param name="Kept">Latches that the policy contradicts and that keep the one they had.</param>
/// <param name="Untouched">ESTABLISHED latches that the policy agrees with.</param>
public sealed record ReloadReport(
    bool Reloaded, string Config, IReadOnlyList<FindingReport> Findings, IReadOnlyList<string> Changes, int Broken, int Closed, int Kept, int Untouched);
