using Latchkey.Ike;

namespace Latchkey.Engine;

/// <summary>How the engine behaves, beside policy. Every default says why.</summary>
public sealed record EngineSettings
{
    public required IkeSettings Ike { get; init; }

    /// <summary>At most one probe train per peer in this time on hints, so that forged hints cost next to nothing.</summary>
    public TimeSpan HintInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>While latched flows wait for a silent peer, "who is there" is asked again at most this far apart.</summary>
    public TimeSpan WhoIsThereInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>"Who is there" is asked for this long; the next unanswered packet starts it again.</summary>
    public TimeSpan WhoIsThereDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Latches at most; beyond it new flows are refused.</summary>
    public int LatchMaximum { get; init; } = 1 << 20;
}
