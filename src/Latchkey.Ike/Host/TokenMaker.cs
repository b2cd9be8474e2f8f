using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Makes quick crash detection tokens (RFC 6290 §5.1): a keyed digest of the two SPIs under a secret that survives a
/// reboot, so that a host that has forgotten an IKE SA can still prove to its peer that it has.
/// </summary>
/// <param name="secrets">The newest first; none: quick crash detection is switched off.</param>
internal sealed class TokenMaker(ImmutableArray<SecretBytes> secrets)
{
    public bool IsOn => !secrets.IsEmpty;

    /// <summary>The token of a new IKE SA, to be sent under its protection.</summary>
    public IEnumerable<IkePayload> For(Generation generation) => IsOn ? [Make(secrets[0], generation.SpiI, generation.SpiR)] : [];

    /// <summary>Every token that an IKE SA which is no more may have had: nobody remembers under which secret.</summary>
    public IEnumerable<IkePayload> ForForgotten(ulong spiI, ulong spiR) => secrets.Select(secret => Make(secret, spiI, spiR));

    // HMAC and not the plain hash of the RFC's example: whoever knows a token learns nothing of another one.
    private static NotifyPayload Make(SecretBytes secret, ulong spiI, ulong spiR)
    {
        Span<byte> spis = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(spis, spiI);
        BinaryPrimitives.WriteUInt64BigEndian(spis[8..], spiR);
        return new NotifyPayload(IkeProtocol.Ike, [], NotifyType.QuickCrashDetection, HMACSHA256.HashData(secret.Span, spis));
    }
}
