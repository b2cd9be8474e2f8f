using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;

namespace Latchkey.Ike.Tests;

/// <summary>A key exchange whose secrets somebody else gets to know, in the order in which they are agreed on.</summary>
internal sealed class RecordingKeyExchange(KeyExchangeMethod inner, List<byte[]> secrets) : KeyExchangeMethod
{
    public override ushort TransformId => inner.TransformId;

    public override string Name => inner.Name;

    public override int OfferLength => inner.OfferLength;

    public override int AnswerLength => inner.AnswerLength;

    public override KeyExchangeOffer Offer(IRandomSource random) => inner.Offer(random);

    public override bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [NotNullWhen(true)] out SecretBytes? shared)
    {
        var agreed = inner.TryAnswer(random, peerPublic, out answer, out shared);
        if (agreed)
        {
            secrets.Add(shared!.Span.ToArray());
        }

        return agreed;
    }
}
