namespace Latchkey.Ike;

/// <summary>What an ending IKE SA still does for its peer.</summary>
internal enum Farewell
{
    /// <summary>Nothing: the peer is gone, or there never was one.</summary>
    None,

    /// <summary>Send a Delete, and again until it is answered or a while has passed.</summary>
    Delete,

    /// <summary>The same, and say that the peer is not believed (RFC 7296 §2.21.2).</summary>
    AuthenticationFailed,

    /// <summary>Only repeat the response that ended it, should the peer ask again.</summary>
    Answered,
}
