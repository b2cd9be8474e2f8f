using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;

namespace Latchkey.Fuzz;

/// <summary>X25519 in looks only: 32 octets each way, and a shared secret that everybody knows.</summary>
internal sealed class OpenKeyExchange : KeyExchangeMethod
{
    private const int Octets = 32;

    public override ushort TransformId => 31;

    public override string Name => "open";

    public override int OfferLength => Octets;

    public override int AnswerLength => Octets;

    public override KeyExchangeOffer Offer(IRandomSource random) => new OpenOffer(this);

    public override bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [NotNullWhen(true)] out SecretBytes? shared)
    {
        answer = new byte[Octets];
        return TryShare(peerPublic, out shared);
    }

    private static bool TryShare(ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = peerPublic.Length == Octets ? new SecretBytes(Octets) : null;
        return shared is not null;
    }

    private sealed class OpenOffer(KeyExchangeMethod method) : KeyExchangeOffer
    {
        public override KeyExchangeMethod Method => method;

        public override byte[] PublicValue { get; } = new byte[Octets];

        public override bool TryComplete(ReadOnlySpan<byte> peerAnswer, [NotNullWhen(true)] out SecretBytes? shared) => TryShare(peerAnswer, out shared);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
