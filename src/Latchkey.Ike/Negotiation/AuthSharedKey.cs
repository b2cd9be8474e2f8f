using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>The AUTH payload with method 2: prf( prf(secret, "Key Pad for IKEv2"), SignedOctets ) (RFC 7296 §2.15).</summary>
internal static class AuthSharedKey
{
    private static ReadOnlySpan<byte> KeyPad => "Key Pad for IKEv2"u8;

    public static AuthPayload Make(SecretBytes secret, SignedOctets what)
    {
        using var padded = new SecretBytes(what.Prf.OutputLength);
        what.Prf.Compute(secret.Span, KeyPad, padded.Span);
        var mac = new byte[what.Prf.OutputLength];
        what.Prf.Compute(padded.Span, what.Octets, mac);
        return new AuthPayload(AuthMethod.SharedKey, mac);
    }

    public static bool Verify(SecretBytes secret, SignedOctets what, AuthPayload auth) =>
        auth.Method == AuthMethod.SharedKey && CryptographicOperations.FixedTimeEquals(Make(secret, what).Data, auth.Data);
}
