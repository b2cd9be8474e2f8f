using Latchkey.Crypto;

namespace Latchkey.Ike.Tests;

/// <summary>A key exchange under another number: a method that one side has and the other has not.</summary>
internal sealed class RenumberedKeyExchange(KeyExchangeMethod inner, ushort id) : KeyExchangeMethod
{
    public override ushort TransformId => id;

    public override string Name => $"{inner.Name} as {id}";

    public override int OfferLength => inner.OfferLength;

    public override int AnswerLength => inner.AnswerLength;

    public override KeyExchangeOffer Offer(IRandomSource random) => new RenumberedOffer(this, inner.Offer(random));

    public override bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SecretBytes? shared) =>
        inner.TryAnswer(random, peerPublic, out answer, out shared);

    private sealed class RenumberedOffer(KeyExchangeMethod method, KeyExchangeOffer inner) : KeyExchangeOffer
    {
        public override KeyExchangeMethod Method => method;

        public override byte[] PublicValue => inner.PublicValue;

        public override bool TryComplete(ReadOnlySpan<byte> peerAnswer, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SecretBytes? shared) => inner.TryComplete(peerAnswer, out shared);

        protected override void Dispose(bool disposing) => inner.Dispose();
    }
}
