using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// The AUTH payload with method 2: prf( prf(secret, "Key Pad for IKEv2"), SignedOctets ) (RFC 7296 §2.15); and with method 13, where
/// the secret is SK_pi or SK_pr: it proves that both ends speak of the same IKE SA, and nobody's identity (RFC 7619 §2.1).
/// </summary>
internal static class AuthSharedKey
{
    private static ReadOnlySpan<byte> KeyPad => "Key Pad for IKEv2"u8;

    public static AuthPayload Make(SecretBytes secret, SignedOctets what) => new(AuthMethod.SharedKey, Mac(secret, what));

    public static AuthPayload MakeNull(SignedOctets what) => new(AuthMethod.Null, Mac(what.SkP, what));

    public static bool Verify(SecretBytes secret, SignedOctets what, AuthPayload auth) => auth.Method == AuthMethod.SharedKey && Matches(Mac(secret, what), auth);

    public static bool VerifyNull(SignedOctets what, AuthPayload auth) => auth.Method == AuthMethod.Null && Matches(Mac(what.SkP, what), auth);

    private static bool Matches(byte[] mac, AuthPayload auth) => CryptographicOperations.FixedTimeEquals(mac, auth.Data);

    private static byte[] Mac(SecretBytes secret, SignedOctets what)
    {
        using var padded = new SecretBytes(what.Prf.OutputLength);
        what.Prf.Compute(secret.Span, KeyPad, padded.Span);
        var mac = new byte[what.Prf.OutputLength];
        what.Prf.Compute(padded.Span, what.Octets, mac);
        return mac;
    }
}
