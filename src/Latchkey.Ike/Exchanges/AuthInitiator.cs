using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our side of an IKE_AUTH we began, with the first Child SA (RFC 7296 §1.2), by raw public keys (RFC 7670).</summary>
internal sealed class AuthInitiator(
    HostContext context, IkeSa sa, InitResult init, ChildRequestHandle childRequest, ChildProposal child, bool initialContact) : OutgoingRequest
{
    private readonly EspNegotiation _negotiation = new(context.Settings, child.Encryption, withKeyExchange: false);
    private readonly uint _inboundSpi = context.ReserveEspSpi();
    private bool _childSettled;

    public override ExchangeType Exchange => ExchangeType.IkeAuth;

    public override IReadOnlyList<IkePayload>? Build(Generation generation)
    {
        var id = OurIdentity.Payload(context.Identity, ofInitiator: true);
        if (!AuthSignature.TrySign(context.Identity, init.PeerHashes, generation.Suite.Prf, generation.Keys.SkPi, init.Request, init.NonceR, id, out var auth))
        {
            Fail(CloseReason.ProtocolError, $"the peer accepts no signature that our {context.Identity.Public.Algorithm} key can make", Farewell.None);
            return null;
        }

        return
        [
            id,
            OurIdentity.Certificate(context.Identity),
            .. initialContact ? Enumerable.Empty<IkePayload>().Append(new NotifyPayload(NotifyType.InitialContact)) : [],
            new CertificateRequestPayload(CertificateEncoding.RawPublicKey, []),
            auth,
            .. Vendor.Birth(context, init),
            .. context.Tokens.For(generation),
            .. VoucherNotify.Ours(context, init),
            .. ChildPayloads.Ask(_negotiation, _inboundSpi, child.Selectors),
        ];
    }

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        if (answer.Auth is not { } auth || answer.Id(ofInitiator: false) is not { } id || answer.RawPublicKey is not { } certificate)
        {
            var (reason, text) = answer.Error is { } error
                ? (error.Notify == NotifyType.AuthenticationFailed ? CloseReason.RefusedByPeer : CloseReason.ProtocolError, $"the peer answered IKE_AUTH with {RegistryName.Of(error.Notify)}")
                : (CloseReason.PeerNotAuthenticated, "the peer sent no raw public key with its AUTH");
            Fail(reason, text, answer.Error is null ? Farewell.Delete : Farewell.None);
        }
        else if (!PeerKey.TryRead(certificate.Data, out var key, out var unreadable))
        {
            Fail(CloseReason.PeerNotAuthenticated, $"the peer's public key cannot be used: {unreadable}", Farewell.Delete);
        }
        else if (!AuthSignature.Verify(key, auth, generation.Suite.Prf, generation.Keys.SkPr, init.Response, init.NonceI, id))
        {
            Fail(CloseReason.PeerNotAuthenticated, $"the peer's AUTH does not verify with its key {key.Fingerprint}", Farewell.Delete);
        }
        else
        {
            var granted = ChildPayloads.ReadGranted(answer, _negotiation, child.Selectors);
            var offer = granted is GrantedChild.Granted { } g ? new ChildOffer(g.Selectors, g.Suite, null, childRequest) : null;
            sa.AbandonSetup = Abandon;
            generation.PeerToken.Take(answer);
            sa.AskAboutPeer(
                new AuthorizePeer(
                    sa.Handle, Initiated: true, key, new IkeIdentification((IdType)id.IdType, id.Data), sa.Local, sa.Remote, answer.Has(NotifyType.InitialContact),
                    Vendor.ReadBirth(context, init, answer), init.Answered, offer)
                {
                    Vouchers = VoucherNotify.Read(init, answer),
                },
                verdict => Conclude(generation, id, granted, verdict));
        }
    }

    public override void Abandon(CloseReason reason, string text)
    {
        if (!_childSettled)
        {
            FailChild(reason, text);
        }
    }

    private void Conclude(Generation generation, IdentificationPayload peerId, GrantedChild granted, PeerVerdict verdict)
    {
        if (verdict is not PeerVerdict.Accept accept)
        {
            sa.Close(CloseReason.PeerNotAuthenticated, ((PeerVerdict.Refuse)verdict).Reason, Farewell.Delete);
            return;
        }

        _childSettled = true;
        sa.Establish(AuthSignature.Digest(generation, init, OurIdentity.Payload(context.Identity, ofInitiator: true), peerId));
        switch (granted, accept.Child)
        {
            case (GrantedChild.Granted g, ChildVerdict.Accept { Selectors: var selectors }):
                ChildSa.Establish(
                    context, generation, new ChildTerms(_inboundSpi, g.PeerSpi, g.Suite, selectors, Initiated: true, init.NonceI, init.NonceR, null), childRequest, null);
                break;
            case (GrantedChild.Granted, var refusal):
                FailChild(CloseReason.DeletedLocally, (refusal as ChildVerdict.Refuse)?.Reason ?? "the Child SA was not accepted");
                generation.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(_inboundSpi)));
                break;
            case (GrantedChild.Failed failed, _):
                ReportMismatch(failed);
                FailChild(failed.Reason, failed.Text);
                if (failed.PeerHasIt)
                {
                    generation.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(_inboundSpi)));
                }

                break;
        }
    }

    private void ReportMismatch(GrantedChild.Failed failed)
    {
        if (failed.Refusal == NotifyType.NoProposalChosen)
        {
            context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: false, "ESP", TransformDifferences.Of(_negotiation.Offer(_inboundSpi), [])));
        }
    }

    private void Fail(CloseReason reason, string text, Farewell farewell)
    {
        Abandon(reason, text);
        _childSettled = true;
        sa.Close(reason, text, farewell);
    }

    private void FailChild(CloseReason reason, string text)
    {
        context.Table.ReleaseEspSpi(_inboundSpi);
        context.Emit(new ChildFailed(sa.Handle, childRequest, null, reason, text));
    }
}
