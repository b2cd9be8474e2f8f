namespace Latchkey.Daemon.Reports;

/// <summary>One event: a line of <c>latchkey events --json</c>, the data of a server-sent event. What does not apply is absent.</summary>
/// <param name="Seq">Counts the daemon's events from 1; a gap means that the reader was too slow.</param>
/// <param name="Event">The kind, for example <c>latch_broken</c>; kinds are only ever added.</param>
/// <param name="At">UTC, with microseconds.</param>
/// <param name="Text">One plain sentence.</param>
public sealed record EventReport(long Seq, string Event, DateTime At, string Text)
{
    public uint? Latch { get; init; }

    public FlowReport? Flow { get; init; }

    /// <summary>The LISTENER latch that the latch was born from.</summary>
    public uint? Listener { get; init; }

    /// <summary>The latch's state after the event.</summary>
    public string? State { get; init; }

    /// <summary>A break, close or refusal reason.</summary>
    public string? Reason { get; init; }

    public string? PeerKey { get; init; }

    public string? PeerName { get; init; }

    public string? PeerAddress { get; init; }

    public uint? Channel { get; init; }

    public string? IkeSa { get; init; }

    public string? ChildSa { get; init; }

    /// <summary>Since when the fact holds that the event rests on, UTC.</summary>
    public DateTime? Since { get; init; }

    /// <summary>Between which ends a tunnel went, and goes now.</summary>
    public MoveReport? Moved { get; init; }

    /// <summary>Further facts, for example offered against configured.</summary>
    public IReadOnlyList<string>? Details { get; init; }
}

/// <summary>A tunnel that moved (RFC 4555): its old ends and its new ones.</summary>
public sealed record MoveReport(EndsReport From, EndsReport To);

/// <summary>The two ends of a tunnel, each an address and a port.</summary>
public sealed record EndsReport(string Local, string Remote);
