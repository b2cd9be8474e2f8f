namespace Latchkey.Ike;

/// <summary>Why an IKE datagram was dropped without an answer that costs state. One member = one counter.</summary>
public enum IkeDropReason
{
    /// <summary>Lengths, payload chain or header contradict each other.</summary>
    Malformed,

    /// <summary>Major version other than 2 (answered with INVALID_MAJOR_VERSION, rate-limited).</summary>
    UnsupportedVersion,

    /// <summary>A protected message for an IKE SA that does not exist (answered with INVALID_IKE_SPI, rate-limited).</summary>
    UnknownIkeSa,

    /// <summary>The integrity check failed.</summary>
    IntegrityFailed,

    /// <summary>The message id is outside the window (RFC 7296 §2.3).</summary>
    OutsideWindow,

    /// <summary>For an IKE SA, but from another address than the one that proved to answer there.</summary>
    OtherAddress,

    /// <summary>A response nobody waits for.</summary>
    UnexpectedResponse,

    /// <summary>An exchange type that does not belong here.</summary>
    UnexpectedExchange,

    /// <summary>No policy entry concerns the peer's address.</summary>
    NoPolicy,

    /// <summary>Too many half-open SAs.</summary>
    HalfOpenLimit,

    /// <summary>Too many half-open SAs, or first messages, for one without a cookie (answered with one; RFC 7296 §2.6).</summary>
    CookieAsked,

    /// <summary>A wrong or stale cookie (answered with a good one).</summary>
    BadCookie,

    /// <summary>A crash detection token that does not match, or one more than are looked at in a while (RFC 6290 §4.5).</summary>
    BadCrashToken,

    /// <summary>Longer than an IKE datagram may be here (64 KiB less headers).</summary>
    Oversized,
}
