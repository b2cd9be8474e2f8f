using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves CREATE_CHILD_SA requests for new Child SAs and rekeys of them (RFC 7296 §1.3.1, §1.3.3).</summary>
internal static class CreateChildResponder
{
    /// <summary>Child SAs under one IKE SA: bounds what an authenticated peer can make us keep.</summary>
    private const int ChildMaximum = 1024;

    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request)
    {
        if (request.Sa is { Proposals: [{ Protocol: IkeProtocol.Ike }, ..] })
        {
            RekeyIkeResponder.Serve(context, sa, generation, request);
        }
        else if (sa.RekeyUnderWay is not null || generation != sa.Current)
        {
            // RFC 7296 §2.25.2: under an IKE SA that is being replaced nothing new begins.
            generation.Respond(new NotifyPayload(NotifyType.TemporaryFailure));
        }
        else if (request.Notify(NotifyType.RekeySa) is { } rekey)
        {
            ServeRekey(context, sa, generation, request, rekey);
        }
        else if (sa.Children.Count >= ChildMaximum)
        {
            generation.Respond(new NotifyPayload(NotifyType.NoAdditionalSas));
        }
        else
        {
            Create(context, sa, generation, request, null);
        }
    }

    private static void ServeRekey(HostContext context, IkeSa sa, Generation generation, PayloadSet request, NotifyPayload rekey)
    {
        var child = rekey is { Protocol: IkeProtocol.Esp, Spi.Length: 4 } ? sa.FindChildByOutboundSpi(BinaryPrimitives.ReadUInt32BigEndian(rekey.Spi)) : null;
        if (child is null && sa.MayLearnOfChildren)
        {
            generation.Responses.Postpone();
        }
        else if (child is null)
        {
            generation.Respond(new NotifyPayload(rekey.Protocol, rekey.Spi, NotifyType.ChildSaNotFound, []));
        }
        else if (child.IsBeingDeleted || child.ReplacedByPeer is not null)
        {
            generation.Respond(new NotifyPayload(NotifyType.TemporaryFailure));
        }
        else
        {
            Create(context, sa, generation, request, child);
        }
    }

    private static void Create(HostContext context, IkeSa sa, Generation generation, PayloadSet request, ChildSa? rekeys)
    {
        if (request.Nonce is not { } nonceI)
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            return;
        }

        if (ChildPayloads.ReadAsked(context, sa, request, withKeyExchange: true, rekeys, out var asked) is { } refusal)
        {
            generation.Respond(refusal);
            return;
        }

        var offer = new ChildOffer(asked!.Selectors, asked.Suite, asked.Tunnel, rekeys?.Handle, null);
        sa.AskAboutChild(offer, verdict => Conclude(context, sa, generation, request, asked, nonceI.Nonce, rekeys, verdict), (_, _) => { });
    }

    private static void Conclude(
        HostContext context, IkeSa sa, Generation generation, PayloadSet request, AskedChild asked, byte[] nonceI, ChildSa? rekeys, ChildVerdict verdict)
    {
        if (verdict is not ChildVerdict.Accept accept || accept.Selectors.IsEmpty)
        {
            generation.Respond(ChildPayloads.Deny(sa, asked, verdict));
            return;
        }

        if (generation.IsDisposed)
        {
            return;
        }

        if (rekeys is { IsClosed: true })
        {
            generation.Respond(new NotifyPayload(NotifyType.ChildSaNotFound));
            return;
        }

        byte[] publicValue = [];
        SecretBytes? shared = null;
        if (asked.Suite.KeyExchange is { } method)
        {
            if (request.KeyExchange is not { } theirs || theirs.Method != method.TransformId)
            {
                generation.Respond(new NotifyPayload(NotifyType.InvalidKePayload, (byte)(method.TransformId >> 8), (byte)method.TransformId));
                return;
            }

            if (!method.TryAnswer(context.Random, theirs.PublicValue, out publicValue, out shared))
            {
                generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
                return;
            }
        }

        var nonceR = context.Nonce();
        var inboundSpi = context.ReserveEspSpi();
        ChildSa.Establish(
            context, generation, new ChildTerms(inboundSpi, asked.PeerSpi, asked.Suite, accept.Selectors, asked.Tunnel, Initiated: false, nonceI, nonceR, shared), null, rekeys, asked.View);
        if (rekeys is not null)
        {
            // Whoever began the rekey deletes the old one; ours would be a second successor.
            rekeys.ReplacedByPeer = new PeerRekey(nonceI, nonceR);
            rekeys.StopRekeying();
        }

        generation.Respond(
        [
            new NoncePayload(nonceR),
            .. asked.Suite.KeyExchange is { } used ? Enumerable.Empty<IkePayload>().Append(new KeyExchangePayload(used.TransformId, publicValue)) : [],
            .. ChildPayloads.Grant(sa, asked, inboundSpi, accept.Selectors),
        ]);
    }
}
