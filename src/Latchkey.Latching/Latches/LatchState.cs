namespace Latchkey.Latching;

/// <summary>Names one latch while the daemon runs; written as a number.</summary>
public readonly record struct LatchId(uint Value)
{
    public override string ToString() => $"{Value}";
}

/// <summary>States of RFC 5660 §2.2, and LARVAL of §2.3.</summary>
public enum LatchState
{
    Larval,
    Listener,
    Established,
    Broken,
    Closed,
}

/// <summary>Why a latch broke. A latch breaks for one reason, the first.</summary>
public enum BreakReason
{
    /// <summary>Another key proved that it answers at the peer's address, and policy lets it.</summary>
    PeerReplaced,

    /// <summary>The same key came back and has forgotten the SAs.</summary>
    PeerRestarted,

    /// <summary>The peer fell silent, and the entry says <c>on_silence = "close"</c>.</summary>
    PeerDead,

    /// <summary>The peer insists on another quality of protection.</summary>
    QopMismatch,

    /// <summary>The policy no longer protects the flow as it was latched.</summary>
    PolicyChanged,

    /// <summary>This host lost the flow's local address.</summary>
    LocalAddressLost,

    /// <summary>The peer's proof of who it is, or ours to it, had its time, and there was no new one before it was over.</summary>
    AuthenticationExpired,
}

/// <summary>Why a latch is CLOSED.</summary>
public enum ClosedReason
{
    /// <summary>Its owner is gone.</summary>
    Released,

    /// <summary>An administrator closed it (RFC 5660 L19, L38).</summary>
    Administrative,

    /// <summary>The daemon was lost and could not restore it.</summary>
    DaemonLost,

    /// <summary>Peer or policy refused the protection that the flow needs (RFC 5660 L23).</summary>
    NegotiationFailed,

    /// <summary>It could not be written into the journal, and a latch that may be forgotten must not begin.</summary>
    NotRecorded,
}
