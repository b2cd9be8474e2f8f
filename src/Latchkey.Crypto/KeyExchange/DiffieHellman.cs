using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Crypto;

/// <summary>A key exchange in which both roles do the same: make a value, publish its image, agree.</summary>
internal abstract class DiffieHellman : KeyExchangeMethod
{
    public abstract int PublicLength { get; }

    public sealed override int OfferLength => PublicLength;

    public sealed override int AnswerLength => PublicLength;

    public abstract SecretBytes MakePrivate(IRandomSource random);

    public abstract byte[] PublicOf(SecretBytes privateValue);

    /// <param name="peerPublic">Has <see cref="PublicLength"/> octets; nothing else is known of it.</param>
    public abstract bool TryAgree(SecretBytes privateValue, ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared);

    public sealed override KeyExchangeOffer Offer(IRandomSource random) => new PrivateSide(this, random);

    public sealed override bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [NotNullWhen(true)] out SecretBytes? shared)
    {
        using var mine = new PrivateSide(this, random);
        answer = mine.PublicValue;
        return mine.TryComplete(peerPublic, out shared);
    }

    protected static SecretBytes RandomSecret(IRandomSource random, int length)
    {
        var secret = new SecretBytes(length);
        random.Fill(secret.Span);
        return secret;
    }

    private sealed class PrivateSide : KeyExchangeOffer
    {
        private readonly DiffieHellman _method;
        private readonly SecretBytes _privateValue;

        public PrivateSide(DiffieHellman method, IRandomSource random)
        {
            _method = method;
            _privateValue = method.MakePrivate(random);
            PublicValue = method.PublicOf(_privateValue);
        }

        public override KeyExchangeMethod Method => _method;

        public override byte[] PublicValue { get; }

        public override bool TryComplete(ReadOnlySpan<byte> peerAnswer, [NotNullWhen(true)] out SecretBytes? shared)
        {
            shared = null;
            return peerAnswer.Length == _method.PublicLength && _method.TryAgree(_privateValue, peerAnswer, out shared);
        }

        protected override void Dispose(bool disposing) => _privateValue.Dispose();
    }
}
