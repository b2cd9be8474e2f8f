using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves IKE_AUTH requests: the signature first, then the verdict on the key, then our own AUTH (RFC 7296 §1.2).</summary>
internal sealed class AuthResponder
{
    private readonly HostContext _context;
    private readonly IkeSa _sa;
    private readonly Generation _generation;
    private readonly InitResult _init;
    private readonly IdentificationPayload _peerId;
    private readonly AskedChild? _asked;
    private readonly NotifyPayload? _childRefusal;

    private AuthResponder(HostContext context, IkeSa sa, Generation generation, IdentificationPayload peerId, PayloadSet request)
    {
        _context = context;
        _sa = sa;
        _generation = generation;
        _init = sa.Init!;
        _peerId = peerId;
        if (request.Sa is not null)
        {
            _childRefusal = ChildPayloads.ReadAsked(context, sa, request, withKeyExchange: false, out _asked);
        }
    }

    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request)
    {
        // An initiator that saw a NAT moves to port 4500 with this message (RFC 7296 §2.23).
        sa.MoveTo(generation.Responses.Local, generation.Responses.Remote);
        // The only round trip a host sees that never asks anything itself; without it its probes would be paced blindly.
        sa.RoundTrip.Add(context.Now - sa.Init!.Answered, plain: false);
        if (request.Auth is not { } auth || request.Id(ofInitiator: true) is not { } id)
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            sa.Close(CloseReason.ProtocolError, "the peer's IKE_AUTH request lacks a payload", Farewell.Answered);
        }
        else if (request.RawPublicKey is not { } certificate)
        {
            Refuse(sa, generation, "the peer sent no raw public key");
        }
        else if (!PeerKey.TryRead(certificate.Data, out var key, out var unreadable))
        {
            Refuse(sa, generation, $"the peer's public key cannot be used: {unreadable}");
        }
        else if (!AuthSignature.Verify(key, auth, generation.Suite.Prf, generation.Keys.SkPi, sa.Init.Request, sa.Init.NonceR, id))
        {
            Refuse(sa, generation, $"the peer's AUTH does not verify with its key {key.Fingerprint}");
        }
        else
        {
            generation.PeerToken.Take(request);
            var exchange = new AuthResponder(context, sa, generation, id, request);
            sa.AskAboutPeer(
                new AuthorizePeer(
                    sa.Handle, Initiated: false, key, new IkeIdentification((IdType)id.IdType, id.Data), sa.Local, sa.Remote,
                    request.Has(NotifyType.InitialContact), Vendor.ReadBirth(context, sa.Init, request), sa.Init.Answered, exchange.Offer)
                {
                    Vouchers = VoucherNotify.Read(sa.Init, request),
                },
                exchange.Conclude);
        }
    }

    private ChildOffer? Offer => _asked is null ? null : new ChildOffer(_asked.Selectors, _asked.Suite, null, null);

    private static void Refuse(IkeSa sa, Generation generation, string text)
    {
        generation.Respond(new NotifyPayload(NotifyType.AuthenticationFailed));
        sa.Close(CloseReason.PeerNotAuthenticated, text, Farewell.Answered);
    }

    private void Conclude(PeerVerdict verdict)
    {
        var id = OurIdentity.Payload(_context.Identity, ofInitiator: false);
        if (verdict is not PeerVerdict.Accept accept)
        {
            Refuse(_sa, _generation, ((PeerVerdict.Refuse)verdict).Reason);
            return;
        }

        if (!AuthSignature.TrySign(
            _context.Identity, _init.PeerHashes, _generation.Suite.Prf, _generation.Keys.SkPr, _init.Response, _init.NonceI, id, out var auth))
        {
            Refuse(_sa, _generation, $"the peer accepts no signature that our {_context.Identity.Public.Algorithm} key can make");
            return;
        }

        // The order is the contract: our inbound SA exists before the peer can use it.
        _sa.Establish(AuthSignature.Digest(_generation, _init, _peerId, id));
        var childPart = GrantChild(accept.Child);
        _generation.Respond(
        [
            id, OurIdentity.Certificate(_context.Identity), auth, .. Vendor.Birth(_context, _init), .. _context.Tokens.For(_generation),
            .. VoucherNotify.Ours(_context, _init), .. childPart,
        ]);
        _sa.Init = null;
    }

    private IEnumerable<IkePayload> GrantChild(ChildVerdict? verdict)
    {
        if (_childRefusal is not null)
        {
            return [_childRefusal];
        }

        if (_asked is null)
        {
            return [];
        }

        if (verdict is not ChildVerdict.Accept accept || accept.Selectors.IsEmpty)
        {
            return [new NotifyPayload(NotifyType.TsUnacceptable)];
        }

        var inboundSpi = _context.ReserveEspSpi();
        ChildSa.Establish(
            _context, _generation,
            new ChildTerms(inboundSpi, _asked.PeerSpi, _asked.Suite, accept.Selectors, Initiated: false, _init.NonceI, _init.NonceR, null), null, null, _asked.View);
        return ChildPayloads.Grant(_sa, _asked, inboundSpi, accept.Selectors);
    }
}
