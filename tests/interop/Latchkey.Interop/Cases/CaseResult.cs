namespace Latchkey.Interop.Cases;

/// <summary>What became of a case over one family of addresses.</summary>
/// <param name="Verdict">passed, failed or limited (the peer cannot).</param>
/// <param name="Text">The step that failed and why, or the log line that proves the peer's limitation.</param>
public sealed record CaseResult(string Case, string Family, string Verdict, double Seconds, string Text)
{
    public bool IsGood => Verdict != "failed";
}
