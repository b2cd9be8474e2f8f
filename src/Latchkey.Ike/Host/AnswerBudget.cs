namespace Latchkey.Ike;

/// <summary>
/// What is spent in one second on answers to messages under unknown IKE SAs, whoever sends them. A flood gets plain
/// answers, and then none (RFC 6290 §9.4): a crowd of real peers after a crash asks again.
/// </summary>
internal sealed class AnswerBudget
{
    /// <summary>Answers with tokens in one second: a few peers' worth of probes at once.</summary>
    public const int WithTokens = 256;

    /// <summary>Answers of any kind in one second.</summary>
    public const int Any = 1024;

    private TimeSpan _second = TimeSpan.MinValue;
    private int _given;

    /// <returns>Whether to answer at all, and whether with tokens.</returns>
    public (bool Answer, bool Tokens) Take(TimeSpan now)
    {
        var second = TimeSpan.FromSeconds(Math.Floor(now.TotalSeconds));
        (_second, _given) = second == _second ? (_second, _given + 1) : (second, 1);
        return (_given <= Any, _given <= WithTokens);
    }
}
