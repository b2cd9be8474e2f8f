namespace Latchkey.Ike;

/// <summary>Whether an initiator says INITIAL_CONTACT: that it has no other IKE SA with whoever answers (RFC 7296 §2.4).</summary>
public enum InitialContact
{
    No,

    /// <summary>
    /// Its daemon has forgotten its SAs, and its host nothing. A Latchkey peer is told so only beside a birth certificate: without,
    /// it would take the host for restarted.
    /// </summary>
    DaemonRestarted,

    Yes,
}
