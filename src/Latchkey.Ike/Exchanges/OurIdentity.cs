using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What we assert in IKE_AUTH: a bare public key, and an ID that says nothing more than that key.</summary>
internal static class OurIdentity
{
    /// <summary>ID_KEY_ID with the SHA-256 of our SubjectPublicKeyInfo: the PUBLICKEY identity of RFC 5386 §2 has no wire form of its own.</summary>
    public static IdentificationPayload Payload(SigningKey key, bool ofInitiator) =>
        new(ofInitiator, (byte)IdType.KeyId, key.Public.Fingerprint.ToBytes());

    public static CertificatePayload Certificate(SigningKey key) =>
        new(CertificateEncoding.RawPublicKey, key.Public.SubjectPublicKeyInfo.ToArray());
}
