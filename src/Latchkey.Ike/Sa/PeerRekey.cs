namespace Latchkey.Ike;

/// <summary>A rekey by the peer of what we were rekeying too; the exchange with the lowest nonce loses (RFC 7296 §2.8.1).</summary>
internal sealed record PeerRekey(byte[] NonceI, byte[] NonceR)
{
    /// <summary>True when the lowest of all four nonces is one of ours, so that our exchange's SA is the superfluous one.</summary>
    public bool BeatsExchangeOf(byte[] nonceI, byte[] nonceR) =>
        Lower(nonceI, nonceR).SequenceCompareTo(Lower(NonceI, NonceR)) < 0;

    private static ReadOnlySpan<byte> Lower(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) < 0 ? a : b;
}
