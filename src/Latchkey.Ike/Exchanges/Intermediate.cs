using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// IKE_INTERMEDIATE (RFC 9242) with the second key exchange of an IKE SA (RFC 9370 §2.2.2): its payloads are too long for
/// IKE_SA_INIT, which cannot be cut into fragments. What was said here is signed in IKE_AUTH like IKE_SA_INIT itself.
/// </summary>
internal static class Intermediate
{
    public static NotifyPayload Support { get; } = new(NotifyType.IntermediateExchangeSupported);

    /// <summary>Proposals that need the exchange are for peers that know it.</summary>
    public static bool Knows(PayloadSet payloads) => payloads.Has(NotifyType.IntermediateExchangeSupported);

    /// <summary>Our part as the responder: answers, and goes on with the further keys.</summary>
    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request)
    {
        sa.MoveTo(generation.Responses.Local, generation.Responses.Remote);
        var (method, received) = (generation.Suite.Additional!, generation.Received!);
        if (request.KeyExchange is not { } theirs || theirs.Method != method.TransformId
            || !method.TryAnswer(context.Random, theirs.PublicValue, out var answer, out var shared))
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            sa.Close(CloseReason.ProtocolError, $"the peer's value for {method} is missing or not valid", Farewell.Answered);
            return;
        }

        var payloads = new IkePayload[] { new KeyExchangePayload(method.TransformId, answer) };
        var header = IkeHeader.ForResponse(generation.SpiI, generation.SpiR, ExchangeType.IkeIntermediate, generation.WeInitiated, received.Header.MessageId);
        generation.Respond(payloads);
        // What takes a round trip is now between this answer and IKE_AUTH.
        sa.Init = Conclude(generation, sa.Init!, received, OpenedMessage.Of(header, payloads), shared) with { Answered = context.Now };
    }

    /// <summary>The further keys (RFC 9370 §2.2.2), and what the former ones say of this exchange. Clears <paramref name="shared"/>.</summary>
    public static InitResult Conclude(Generation generation, InitResult init, OpenedMessage request, OpenedMessage response, SecretBytes shared)
    {
        using (shared)
        {
            var (prf, former) = (generation.Suite.Prf, generation.Keys);
            var auth = new byte[(2 * prf.OutputLength) + 4];
            prf.Compute(former.SkPi.Span, request.ToAuthenticate(), auth.AsSpan(0, prf.OutputLength));
            prf.Compute(former.SkPr.Span, response.ToAuthenticate(), auth.AsSpan(prf.OutputLength, prf.OutputLength));
            var id = request.Header.MessageId;
            BinaryPrimitives.WriteUInt32BigEndian(auth.AsSpan(2 * prf.OutputLength), id + 1);

            using var seed = IkeKeyDerivation.RekeySkeySeed(prf, former.SkD.Span, shared.Span, init.NonceI, init.NonceR);
            var keys = IkeKeyDerivation.IkeKeys(
                prf, generation.Suite.Encryption, seed.Span, init.NonceI, init.NonceR, InitMessages.SpiOctets(generation.SpiI), InitMessages.SpiOctets(generation.SpiR));
            generation.Advance(keys, id);
            return init with { IntermediateAuth = auth };
        }
    }
}
