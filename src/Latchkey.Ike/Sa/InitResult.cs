namespace Latchkey.Ike;

/// <summary>What IKE_SA_INIT leaves for IKE_AUTH to sign and derive from.</summary>
/// <param name="Request">The IKE_SA_INIT request as sent: the last one, after any cookie or new key exchange (RFC 7296 §2.15).</param>
/// <param name="Answered">When the response was sent or received: as the responder, IKE_AUTH comes one round trip later.</param>
/// <param name="PeerHashes">SIGNATURE_HASH_ALGORITHMS of the peer (RFC 7427 §4).</param>
/// <param name="PeerIsLatchkey">The peer announced that it knows our private notifies.</param>
internal sealed record InitResult(byte[] NonceI, byte[] NonceR, byte[] Request, byte[] Response, TimeSpan Answered, IReadOnlyList<ushort> PeerHashes, bool PeerIsLatchkey)
{
    /// <summary>IntAuth (RFC 9242 §3.3.2): what IKE_INTERMEDIATE said, and the message id of IKE_AUTH; empty when there was none.</summary>
    public byte[] IntermediateAuth { get; init; } = [];

    /// <summary>Both ends said that they have a postquantum preshared key for each other (RFC 8784 §3).</summary>
    public bool UsesPpk { get; init; }

    /// <summary>As the responder: the key that the initiator named is in the keys.</summary>
    public bool PpkTaken { get; init; }
}
