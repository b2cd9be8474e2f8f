namespace Latchkey.Ike;

/// <summary>What an ending IKE SA still does for its peer.</summary>
internal enum Farewell
{
    /// <summary>Nothing: the peer is gone, or there never was one.</summary>
    None,

    /// <summary>Send a Delete, and again until it is answered or a while has passed.</summary>
    Delete,

    /// <summary>Only repeat the response that ended it, should the peer ask again.</summary>
    Answered,
}
