using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Something worth telling a person or a program. Fields that do not apply are null.</summary>
/// <param name="At">The engine's time.</param>
/// <param name="Text">One plain sentence.</param>
public sealed record EngineEvent(EventKind Kind, TimeSpan At, string Text)
{
    public LatchId? Latch { get; init; }

    public FlowKey? Flow { get; init; }

    /// <summary>The LISTENER latch that the latch was born from.</summary>
    public LatchId? Listener { get; init; }

    /// <summary>The latch's state after the event.</summary>
    public LatchState? State { get; init; }

    /// <summary>The name of a break, close or refusal reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Fingerprint of the peer's key.</summary>
    public string? PeerKey { get; init; }

    /// <summary>The peer's name in the configuration.</summary>
    public string? PeerName { get; init; }

    public InetAddress? PeerAddress { get; init; }

    public uint? Channel { get; init; }

    public string? IkeSa { get; init; }

    public string? ChildSa { get; init; }

    /// <summary>Since when the fact holds that the event rests on.</summary>
    public TimeSpan? Since { get; init; }

    /// <summary>Between which ends a tunnel went, and goes now.</summary>
    public AddressMove? Moved { get; init; }

    /// <summary>Further facts, for example offered against configured, one per line.</summary>
    public IReadOnlyList<string>? Details { get; init; }
}

/// <summary>A tunnel's old ends and its new ones.</summary>
public sealed record AddressMove(InetEndpoint FromLocal, InetEndpoint FromRemote, InetEndpoint ToLocal, InetEndpoint ToRemote);

/// <summary>Kinds of events; their names in snake case are the names in JSON. Only ever added to.</summary>
public enum EventKind
{
    LatchLarval,
    LatchEstablished,
    LatchBroken,
    LatchRestored,
    LatchClosed,
    LatchReleased,
    IkeSaEstablished,
    IkeSaRekeyed,
    IkeSaClosed,
    ChildSaEstablished,
    ChildSaRekeyed,
    ChildSaClosed,
    NegotiationFailed,
    ProposalMismatch,
    PeerRefused,
    ChildRefused,
    ChildNarrowed,
    HintReceived,
    ProbeSilent,
    ProbeAnswered,
    WhoIsThere,
    PeerReplaced,
    KeyExportOn,
    DaemonStarted,
    DaemonStopping,
    PolicyChanged,
    LatchKept,
    ReloadRefused,
    PeerPinned,
    PeerUnpinned,
    PeerMoved,
    KeyRotated,
    Repaired,
    Degraded,
    FlowClear,
    ClearEnded,
    ClearRefused,
    IpsecHostFound,
    LatchesRestored,
    JournalRefused,
    PeerRestarted,
    CrashDetected,
    CrashTokenRefused,
    BirthCertificateRefused,
    FlowUnlatched,
    ChannelMoved,
    MoveRefused,
    IkeSaReauthenticated,
    AuthLifetime,
}
