using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Latchkey.Crypto;

/// <summary>X25519 (RFC 7748), used in IKE as RFC 8031 says.</summary>
internal sealed class X25519KeyExchange : DiffieHellman
{
    public override ushort TransformId => 31;

    public override string Name => "X25519";

    public override int PublicLength => X25519.PointSize;

    // RFC 7748 §5 clears and sets the bits that make a scalar out of any 32 octets; the library does it on use.
    public override SecretBytes MakePrivate(IRandomSource random) => RandomSecret(random, X25519.ScalarSize);

    public override byte[] PublicOf(SecretBytes privateValue)
    {
        var value = new byte[PublicLength];
        X25519.GeneratePublicKey(privateValue.Span, value);
        return value;
    }

    /// <returns>False when the result is zero: the peer's value has small order (RFC 8031 §5).</returns>
    public override bool TryAgree(SecretBytes privateValue, ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = new SecretBytes(X25519.PointSize);
        if (X25519.CalculateAgreement(privateValue.Span, peerPublic, shared.Span))
        {
            return true;
        }

        shared.Dispose();
        shared = null;
        return false;
    }
}
