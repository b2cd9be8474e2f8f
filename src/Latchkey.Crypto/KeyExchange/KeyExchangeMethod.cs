using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

// Key exchange methods of the product, in octets. Private values come from the injected source and live for one exchange.
//
//   id  name         RFC   public value              shared secret
//   14  MODP-2048    3526   256, big-endian          256, big-endian, padded on the left
//   19  ECP-256      5903    64, x | y without 0x04   32, x
//   20  ECP-384      5903    96, x | y without 0x04   48, x
//   31  X25519       8031    32, little-endian        32, as the function gives it
//   36  ML-KEM-768   9370  1184; the answer 1088      32; beside one of the others only
//   37  ML-KEM-1024  9370  1568; the answer 1568      32; likewise

/// <summary>A key exchange method of IKE: transform type 4 (Diffie-Hellman, ECDH) or an additional one (a KEM, RFC 9370).</summary>
/// <remarks>
/// The two roles differ so that a KEM fits: the initiator offers a public value and completes with the answer, the
/// responder answers an offer at once. For Diffie-Hellman both do the same work.
/// </remarks>
public abstract class KeyExchangeMethod
{
    /// <summary>IANA transform id, for example 31 for X25519.</summary>
    public abstract ushort TransformId { get; }

    public abstract string Name { get; }

    /// <summary>The name that configurations have for it, for example <c>ecp256</c>.</summary>
    public virtual string Keyword => Name.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Octets of the initiator's public value in the KE payload.</summary>
    public abstract int OfferLength { get; }

    /// <summary>Octets of the responder's public value in the KE payload.</summary>
    public abstract int AnswerLength { get; }

    public abstract KeyExchangeOffer Offer(IRandomSource random);

    /// <summary>The responder's part: makes the answer and the shared secret from the initiator's public value.</summary>
    /// <returns>False when the public value is malformed, out of range or of small order.</returns>
    public abstract bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [NotNullWhen(true)] out SecretBytes? shared);

    public override string ToString() => Name;
}

/// <summary>The initiator's side of one key exchange; disposing clears the private value.</summary>
public abstract class KeyExchangeOffer : IDisposable
{
    public abstract KeyExchangeMethod Method { get; }

    public abstract byte[] PublicValue { get; }

    /// <returns>False when the peer's value is malformed, out of range or of small order.</returns>
    public abstract bool TryComplete(ReadOnlySpan<byte> peerAnswer, [NotNullWhen(true)] out SecretBytes? shared);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
