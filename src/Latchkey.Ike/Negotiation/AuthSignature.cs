using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// The AUTH payload with method 14 (RFC 7427): one octet of length, a DER AlgorithmIdentifier, the signature over the
/// sender's own IKE_SA_INIT message, the other's nonce and a digest of the ID payload (RFC 7296 §2.15).
/// </summary>
internal static class AuthSignature
{
    /// <returns>False when the peer accepts no hash that our key can sign with.</returns>
    public static bool TrySign(SigningKey key, IReadOnlyCollection<ushort> peerHashes, SignedOctets what, [NotNullWhen(true)] out AuthPayload? auth)
    {
        auth = null;
        if (!key.TrySign(peerHashes, what.Octets, out var algorithm, out var signature))
        {
            return false;
        }

        auth = new AuthPayload(AuthMethod.DigitalSignature, [checked((byte)algorithm.Length), .. algorithm, .. signature]);
        return true;
    }

    public static bool Verify(PeerKey key, AuthPayload auth, SignedOctets what)
    {
        var data = auth.Data.AsSpan();
        if (auth.Method != AuthMethod.DigitalSignature || data.Length < 1 || data.Length < 1 + data[0])
        {
            return false;
        }

        return key.Verify(data.Slice(1, data[0]), what.Octets, data[(1 + data[0])..]);
    }

    /// <summary>
    /// What no other IKE SA has: SHA-256 over InitiatorSignedOctets and ResponderSignedOctets (RFC 7296 §2.15), each behind its
    /// length in four octets. Equal at both ends, and with a man in the middle at neither.
    /// </summary>
    public static byte[] Digest(Generation generation, InitResult init, IdentificationPayload ofInitiator, IdentificationPayload ofResponder)
    {
        var writer = new IkeWriter();
        foreach (var octets in new[] { SignedOctets.OfInitiator(generation, init, ofInitiator).Octets, SignedOctets.OfResponder(generation, init, ofResponder).Octets })
        {
            writer.U32((uint)octets.Length);
            writer.Octets(octets);
        }

        return SHA256.HashData(writer.ToArray());
    }
}
