namespace Latchkey.Ike;

/// <summary>Where an IKE SA stands.</summary>
public enum IkeSaState
{
    /// <summary>We sent IKE_SA_INIT and wait.</summary>
    Initiating,

    /// <summary>We answered IKE_SA_INIT; the peer did not authenticate yet.</summary>
    HalfOpen,

    /// <summary>We sent IKE_AUTH and wait.</summary>
    Authenticating,

    /// <summary>The peer proved its key; the verdict on it is awaited.</summary>
    Authorizing,

    Established,

    Closed,
}
