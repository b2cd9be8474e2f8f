using System.Collections.Immutable;

namespace Latchkey.Ike;

/// <summary>
/// What stands between two ends when one of them answers NO_PROPOSAL_CHOSEN, TS_UNACCEPTABLE or AUTHENTICATION_FAILED, for
/// the person who is to mend it; at the end that refuses and at the one that is refused.
/// </summary>
/// <param name="Remedies">The line that makes the two meet and where it has to stand. Any one of them will do.</param>
public sealed record Refusal(ImmutableArray<Difference> Differences, ImmutableArray<string> Remedies)
{
    /// <summary>One fact a line.</summary>
    public ImmutableArray<string> Lines => [.. Differences.Select(d => d.ToString()), .. Remedies.Select(remedy => $"to mend it, {remedy}")];
}

/// <summary>One thing of which two ends have not the same: a transform type, a part of the selectors, of the identity or its proof.</summary>
/// <param name="Configured">Empty when it is the peer's configuration and the peer does not tell.</param>
public sealed record Difference(string What, ImmutableArray<string> Offered, ImmutableArray<string> Configured)
{
    public override string ToString() =>
        $"{What}: offered {string.Join(", ", Offered)}{(Configured.IsEmpty ? "" : $"; configured {string.Join(", ", Configured)}")}";
}
