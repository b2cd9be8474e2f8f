using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our side of an <see cref="Intermediate"/> that we began.</summary>
/// <param name="proceed">Goes on with IKE_AUTH.</param>
/// <param name="abandon">Called instead when the IKE SA ends first.</param>
internal sealed class IntermediateRequest(
    HostContext context, IkeSa sa, InitResult init, KeyExchangeMethod method, Action<InitResult> proceed, Action<CloseReason, string> abandon) : OutgoingRequest
{
    private readonly KeyExchangeOffer _offer = method.Offer(context.Random);

    public override ExchangeType Exchange => ExchangeType.IkeIntermediate;

    private IReadOnlyList<IkePayload> Payloads => [new KeyExchangePayload(method.TransformId, _offer.PublicValue)];

    public override IReadOnlyList<IkePayload>? Build(Generation generation) => Payloads;

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        var received = generation.Received!;
        if (answer.KeyExchange is not { } theirs || theirs.Method != method.TransformId || !_offer.TryComplete(theirs.PublicValue, out var shared))
        {
            var text = answer.Error is { } error
                ? $"the peer answered IKE_INTERMEDIATE with {RegistryName.Of(error.Notify)}"
                : $"the peer's value for {method} is missing or not valid";
            Abandon(CloseReason.ProtocolError, text);
            sa.Close(CloseReason.ProtocolError, text, Farewell.None);
            return;
        }

        _offer.Dispose();
        var header = IkeHeader.ForRequest(generation.SpiI, generation.SpiR, Exchange, generation.WeInitiated, received.Header.MessageId);
        proceed(Intermediate.Conclude(generation, init, OpenedMessage.Of(header, Payloads), received, shared));
    }

    public override void Abandon(CloseReason reason, string text)
    {
        _offer.Dispose();
        abandon(reason, text);
    }
}
