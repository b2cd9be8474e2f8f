using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves IKE_AUTH requests: the peer's proof first, then the verdict on what it proved, then our own AUTH (RFC 7296 §1.2).</summary>
internal sealed class AuthResponder
{
    private readonly HostContext _context;
    private readonly IkeSa _sa;
    private readonly Generation _generation;
    private readonly InitResult _init;
    private readonly Authenticator _authenticator;
    private readonly IdentificationPayload _peerId;
    private readonly AskedChild? _asked;
    private readonly bool _supportsMoves;
    private readonly IReadOnlyList<IkePayload>? _childRefusal;

    private AuthResponder(HostContext context, IkeSa sa, Generation generation, Authenticator authenticator, IdentificationPayload peerId, PayloadSet request)
    {
        _context = context;
        _authenticator = authenticator;
        _sa = sa;
        _generation = generation;
        _init = sa.Init!;
        _peerId = peerId;
        _supportsMoves = Mobility.IsSupported(request);
        sa.PeerAddresses = Mobility.ReadAdditional(request) ?? [];
        if (request.Sa is not null)
        {
            _childRefusal = ChildPayloads.ReadAsked(context, sa, request, withKeyExchange: false, rekeys: null, out _asked);
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
        else if (new Authenticator(context, sa) is var authenticator
            && (!TryTakePpk(sa, generation, authenticator, request, ref auth, out var error)
                || !authenticator.TryVerify(SignedOctets.OfInitiator(generation, sa.Init, id), request, auth, id, out var key, out error)))
        {
            Refuse(sa, generation, error.Text);
            if (context.Unproved.TryTake(context.Now, sa.Remote.Address))
            {
                context.Emit(new PeerUnproved(sa.Local, sa.Remote, error.Text, error.Refusal));
            }
        }
        else if (Mobility.ForbidsNat(request, sa.Local, sa.Remote))
        {
            generation.Respond(new NotifyPayload(NotifyType.UnexpectedNatDetected));
            sa.Close(CloseReason.ProtocolError, "the peer forbids NATs (NO_NATS_ALLOWED), and one changed the addresses of its packet on the way", Farewell.Answered);
        }
        else
        {
            generation.PeerToken.Take(request);
            var exchange = new AuthResponder(context, sa, generation, authenticator, id, request);
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

    /// <summary>The PPK that the initiator names goes into the keys; where it is another or none, and may be, the AUTH without it counts (RFC 8784 §3).</summary>
    private static bool TryTakePpk(IkeSa sa, Generation generation, Authenticator authenticator, PayloadSet request, ref AuthPayload auth, [NotNullWhen(false)] out Unproved? error)
    {
        error = null;
        if (authenticator.Ppk is not { } ppk)
        {
            return true;
        }

        var named = sa.Init!.UsesPpk ? request.Notify(NotifyType.PpkIdentity) : null;
        if (named is not null && PpkNotify.Names(named, ppk))
        {
            generation.Adopt(IkeKeyDerivation.MixIn(generation.Suite.Prf, ppk.Secret.Span, generation.Keys));
            sa.Init = sa.Init with { PpkTaken = true };
            return true;
        }

        var came = !sa.Init.UsesPpk ? "it does not say USE_PPK" : named is null ? "it names none" : "it names another";
        if (ppk.IsMandatory)
        {
            error = authenticator.WithoutPpk(came);
            return false;
        }

        if (named is null)
        {
            return true;
        }

        if (request.Notify(NotifyType.NoPpkAuth) is not { } plain)
        {
            error = authenticator.WithoutPpk($"{came}, and does not do without");
            return false;
        }

        auth = auth with { Data = plain.Data };
        return true;
    }

    private ChildOffer? Offer => _asked is null ? null : new ChildOffer(_asked.Selectors, _asked.Suite, _asked.Tunnel, null, null);

    private static void Refuse(IkeSa sa, Generation generation, string text)
    {
        generation.Respond(new NotifyPayload(NotifyType.AuthenticationFailed));
        sa.Close(CloseReason.PeerNotAuthenticated, text, Farewell.Answered);
    }

    private void Conclude(PeerVerdict verdict)
    {
        var id = _authenticator.IdPayload(ofInitiator: false);
        if (verdict is not PeerVerdict.Accept accept)
        {
            Refuse(_sa, _generation, ((PeerVerdict.Refuse)verdict).Reason);
            return;
        }

        if (!_authenticator.TryProve(SignedOctets.OfResponder(_generation, _init, id), _init.PeerHashes, out var auth, out var cannot))
        {
            Refuse(_sa, _generation, cannot);
            return;
        }

        _sa.IsMobile = _supportsMoves && _asked?.Tunnel == true;
        // The order is the contract: our inbound SA exists before the peer can use it.
        _sa.Establish(_authenticator.Own, AuthSignature.Digest(_generation, _init, _peerId, id), _authenticator.ValidUntil);
        var childPart = GrantChild(accept.Child);
        _generation.Respond(
        [
            id, .. _authenticator.Certificates, auth, .. _init.PpkTaken ? [PpkNotify.Used] : Enumerable.Empty<IkePayload>(), .. Vendor.Birth(_context, _init), .. _context.Tokens.For(_generation),
            .. VoucherNotify.Ours(_context, _init), .. _sa.Term.PeersUntil is { } until ? [AuthLifetime.Of(until - _context.Now)] : Enumerable.Empty<IkePayload>(),
            .. _sa.IsMobile ? Mobility.Offer(_context, _sa) : Enumerable.Empty<IkePayload>(), .. childPart,
        ]);
        _sa.Init = null;
    }

    private IEnumerable<IkePayload> GrantChild(ChildVerdict? verdict)
    {
        if (_childRefusal is not null)
        {
            return _childRefusal;
        }

        if (_asked is null)
        {
            return [];
        }

        if (verdict is not ChildVerdict.Accept accept || accept.Selectors.IsEmpty)
        {
            return ChildPayloads.Deny(_sa, _asked, verdict);
        }

        var inboundSpi = _context.ReserveEspSpi();
        ChildSa.Establish(
            _context, _generation,
            new ChildTerms(inboundSpi, _asked.PeerSpi, _asked.Suite, accept.Selectors, _asked.Tunnel, Initiated: false, _init.NonceI, _init.NonceR, null), null, null, _asked.View);
        return ChildPayloads.Grant(_sa, _asked, inboundSpi, accept.Selectors);
    }
}
