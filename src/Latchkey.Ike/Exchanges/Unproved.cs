namespace Latchkey.Ike;

/// <summary>Why a peer did not prove what it asserts.</summary>
/// <param name="Text">One sentence.</param>
internal sealed record Unproved(string Text, Refusal Refusal)
{
    /// <param name="what">The part of its proof that failed.</param>
    public Unproved(string text, string what, string offered, string configured, params string[] remedies)
        : this(text, new Refusal([new Difference(what, [offered], [configured])], [.. remedies]))
    {
    }
}
