namespace Latchkey.Datapath;

/// <summary>Bounds and times of the user datapath.</summary>
public sealed record DatapathSettings
{
    /// <summary>Flows remembered at once. A flow costs a few hundred octets.</summary>
    public int MaximumFlows { get; init; } = 1_000_000;

    /// <summary>Packets held for one flow: a SYN and its repetitions, or a first burst of datagrams.</summary>
    public int HeldPacketsPerFlow { get; init; } = 32;

    /// <summary>Octets held for all flows together.</summary>
    public int HeldOctets { get; init; } = 16 * 1024 * 1024;

    /// <summary>A held packet older than this is of no use: TCP has repeated its SYN twice by then.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An unanswered question to the engine is asked again after this, when packets still come.</summary>
    public TimeSpan QuestionInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence that is reported. A few round trips, but well below TCP's first repetitions becoming rare.</summary>
    public TimeSpan UnansweredThreshold { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Nobody waits for an answer any more this long after the last packet (TCP's longest repetition is 120 s).</summary>
    public TimeSpan UnansweredGiveUp { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>An outer link whose buffer stays full for longer than this does not hold up the others any more.</summary>
    public TimeSpan FullLinkPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Outer path MTU assumed before the path said otherwise.</summary>
    public int InitialPathMtu { get; init; } = 1500;

    /// <summary>A lowered path MTU is forgotten after this (RFC 1191 §6.3).</summary>
    public TimeSpan PathMtuLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Packets after which an SA with 32-bit sequence numbers is to be replaced: three quarters of them.</summary>
    public ulong WearingOutPackets { get; init; } = 3UL << 30;

    /// <summary>Packets after which an SA with 64-bit sequence numbers is to be replaced.</summary>
    public ulong WearingOutPacketsEsn { get; init; } = 1UL << 36;

    /// <summary>Octets after which an SA is to be replaced, whatever its sequence numbers.</summary>
    public ulong WearingOutOctets { get; init; } = 1UL << 38;
}
