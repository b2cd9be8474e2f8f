namespace Latchkey.Ike;

/// <summary>Why an IKE SA or a Child SA ended or never came to be; each has exactly one.</summary>
public enum CloseReason
{
    /// <summary>The peer sent a Delete.</summary>
    DeletedByPeer,

    /// <summary>We sent a Delete.</summary>
    DeletedLocally,

    /// <summary>A newer SA took its place.</summary>
    Rekeyed,

    /// <summary>The lifetime ran out before a rekey succeeded.</summary>
    Expired,

    /// <summary>The retransmission limit was reached.</summary>
    PeerSilent,

    /// <summary>The peer failed to authenticate to us, or we refused its key.</summary>
    PeerNotAuthenticated,

    /// <summary>The peer refused our authentication.</summary>
    RefusedByPeer,

    /// <summary>No proposal in common.</summary>
    NoProposalChosen,

    /// <summary>No traffic selectors in common.</summary>
    SelectorsUnacceptable,

    /// <summary>The peer wanted tunnel mode where policy wants transport.</summary>
    TransportModeRefused,

    /// <summary>The peer wanted transport mode where policy wants a tunnel.</summary>
    TunnelModeRefused,

    /// <summary>The peer sent what the protocol forbids.</summary>
    ProtocolError,

    /// <summary>Its IKE SA ended.</summary>
    IkeSaClosed,

    /// <summary>Another SA with the same purpose made it superfluous (simultaneous open or rekey).</summary>
    Superseded,

    /// <summary>The peer said that it was replaced or restarted, and that was proved.</summary>
    PeerGone,

    /// <summary>This host lost the address it spoke from.</summary>
    LocalAddressLost,

    /// <summary>The peer has proved itself anew, under another IKE SA that took this one's place.</summary>
    Reauthenticated,

    /// <summary>A proof, the peer's or ours, had its time, and there was no new one before it was over.</summary>
    AuthenticationExpired,
}
