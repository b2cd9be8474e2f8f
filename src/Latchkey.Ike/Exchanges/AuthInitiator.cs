using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our side of an IKE_AUTH we began, with the first Child SA (RFC 7296 §1.2).</summary>
internal sealed class AuthInitiator(
    HostContext context, IkeSa sa, InitResult init, ChildRequestHandle childRequest, ChildProposal child, InitialContact initialContact) : OutgoingRequest
{
    private readonly EspNegotiation _negotiation = new(context.Settings, child.Encryption, withKeyExchange: false, child.Latched);
    private readonly uint _inboundSpi = context.ReserveEspSpi();
    private readonly Authenticator _authenticator = new(context, sa);
    private IkeSaKeys? _withPpk;
    private bool _childSettled;

    public override ExchangeType Exchange => ExchangeType.IkeAuth;

    private bool SaysInitialContact => initialContact == InitialContact.Yes
        || (initialContact == InitialContact.DaemonRestarted && (!init.PeerIsLatchkey || context.Birth is not null));

    public override IReadOnlyList<IkePayload>? Build(Generation generation)
    {
        var id = _authenticator.IdPayload(ofInitiator: true);
        if (!TryMixIn(generation))
        {
            return null;
        }

        AuthPayload? plain = null;
        if (!_authenticator.TryProve(SignedOctets.OfInitiator(generation, init, id, _withPpk), init.PeerHashes, out var auth, out var cannot)
            || (_withPpk is not null && !_authenticator.TryProve(SignedOctets.OfInitiator(generation, init, id), init.PeerHashes, out plain, out cannot)))
        {
            Fail(CloseReason.ProtocolError, cannot, Farewell.None);
            return null;
        }

        return
        [
            id,
            .. _authenticator.Certificates,
            .. SaysInitialContact ? Enumerable.Empty<IkePayload>().Append(new NotifyPayload(NotifyType.InitialContact)) : [],
            .. _authenticator.CertificateRequests,
            auth,
            .. _withPpk is null ? Enumerable.Empty<IkePayload>() : [PpkNotify.Identity(_authenticator.Ppk!)],
            .. plain is null || _authenticator.Ppk!.IsMandatory ? Enumerable.Empty<IkePayload>() : [PpkNotify.Without(plain)],
            .. Vendor.Birth(context, init),
            .. context.Tokens.For(generation),
            .. VoucherNotify.Ours(context, init),
            .. child.Tunnel ? Mobility.Offer(context, sa) : Enumerable.Empty<IkePayload>(),
            .. ChildPayloads.Ask(_negotiation, _inboundSpi, child),
        ];
    }

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        if (answer.Auth is not { } auth || answer.Id(ofInitiator: false) is not { } id)
        {
            FailUnproved(answer);
        }
        else if (!TryConcludePpk(generation, answer))
        {
            var unproved = _authenticator.WithoutPpk("it has another or none");
            Fail(CloseReason.PeerNotAuthenticated, unproved.Text, Farewell.AuthenticationFailed, unproved.Refusal);
        }
        else if (!_authenticator.TryVerify(SignedOctets.OfResponder(generation, init, id), answer, auth, id, out var key, out var error))
        {
            Fail(CloseReason.PeerNotAuthenticated, error.Text, Farewell.AuthenticationFailed, error.Refusal);
        }
        else
        {
            var granted = ChildPayloads.ReadGranted(sa, answer, _negotiation, child);
            var offer = granted is GrantedChild.Granted { } g ? new ChildOffer(g.Selectors, g.Suite, child.Tunnel, null, childRequest) : null;
            sa.AbandonSetup = Abandon;
            generation.PeerToken.Take(answer);
            sa.IsMobile = child.Tunnel && Mobility.IsSupported(answer);
            sa.PeerAddresses = Mobility.ReadAdditional(answer) ?? [];
            sa.AskAboutPeer(
                new AuthorizePeer(
                    sa.Handle, Initiated: true, key, new IkeIdentification((IdType)id.IdType, id.Data), sa.Local, sa.Remote, answer.Has(NotifyType.InitialContact),
                    Vendor.ReadBirth(context, init, answer), init.Answered, offer)
                {
                    Vouchers = VoucherNotify.Read(init, answer),
                },
                verdict => Conclude(generation, id, granted, AuthLifetime.Read(answer), verdict));
        }
    }

    public override void Abandon(CloseReason reason, string text)
    {
        if (!_childSettled)
        {
            FailChild(reason, text);
        }
    }

    /// <summary>Makes the keys with the PPK, where there is one. Which keys hold is known when the peer has answered (RFC 8784 §3).</summary>
    private bool TryMixIn(Generation generation)
    {
        if (_authenticator.Ppk is not { } ppk)
        {
            return true;
        }

        if (!init.UsesPpk && ppk.IsMandatory)
        {
            var unproved = _authenticator.WithoutPpk("it does not say USE_PPK");
            Fail(CloseReason.PeerNotAuthenticated, unproved.Text, Farewell.None, unproved.Refusal);
            return false;
        }

        _withPpk = init.UsesPpk ? IkeKeyDerivation.MixIn(generation.Suite.Prf, ppk.Secret.Span, generation.Keys) : null;
        return true;
    }

    /// <returns>False when the peer did without a PPK that must be used.</returns>
    private bool TryConcludePpk(Generation generation, PayloadSet answer)
    {
        var keys = _withPpk;
        _withPpk = null;
        if (keys is null)
        {
            return true;
        }

        if (answer.Has(NotifyType.PpkIdentity))
        {
            generation.Adopt(keys);
            return true;
        }

        keys.Dispose();
        return !_authenticator.Ppk!.IsMandatory;
    }

    private void Conclude(Generation generation, IdentificationPayload peerId, GrantedChild granted, TimeSpan? lifetime, PeerVerdict verdict)
    {
        if (verdict is not PeerVerdict.Accept accept)
        {
            sa.Close(CloseReason.PeerNotAuthenticated, ((PeerVerdict.Refuse)verdict).Reason, Farewell.AuthenticationFailed);
            return;
        }

        _childSettled = true;
        sa.Establish(_authenticator.Own, AuthSignature.Digest(generation, init, _authenticator.IdPayload(ofInitiator: true), peerId), _authenticator.ValidUntil);
        if (lifetime is { } told)
        {
            sa.Term.Tell(told);
        }

        switch (granted, accept.Child)
        {
            case (GrantedChild.Granted g, ChildVerdict.Accept { Selectors: var selectors }):
                ChildSa.Establish(
                    context, generation, new ChildTerms(_inboundSpi, g.PeerSpi, g.Suite, selectors, child.Tunnel, Initiated: true, init.NonceI, init.NonceR, null), childRequest, null);
                break;
            case (GrantedChild.Granted, var refusal):
                FailChild(CloseReason.DeletedLocally, (refusal as ChildVerdict.Refuse)?.Reason ?? "the Child SA was not accepted");
                generation.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(_inboundSpi)));
                break;
            case (GrantedChild.Failed failed, _):
                ReportMismatch(failed);
                FailChild(failed.Reason, failed.Text, failed.Selectors);
                if (failed.PeerHasIt)
                {
                    generation.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(_inboundSpi)));
                }

                break;
        }
    }

    private void ReportMismatch(GrantedChild.Failed failed)
    {
        if (failed.Proposals is { } refusal)
        {
            context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: false, "ESP", refusal, child.Selectors));
        }
    }

    private void FailUnproved(PayloadSet answer)
    {
        switch (answer.Error?.Notify)
        {
            case NotifyType.AuthenticationFailed:
                Fail(
                    CloseReason.RefusedByPeer, $"the peer answered AUTHENTICATION_FAILED: we proved ourselves {_authenticator.OurClaim}, and its log says what it expected",
                    Farewell.None, _authenticator.OurRefusal);
                break;
            case { } error when ChildPayloads.ReadGranted(sa, answer, _negotiation, child) is GrantedChild.Failed { PeerHasIt: false } failed:
                // Some peers refuse the Child SA before they prove who they are.
                ReportMismatch(failed);
                Fail(failed.Reason, $"the peer answered IKE_AUTH with {RegistryName.Of(error)}", Farewell.None, failed.Selectors);
                break;
            case { } error:
                Fail(CloseReason.ProtocolError, $"the peer answered IKE_AUTH with {RegistryName.Of(error)}", Farewell.None);
                break;
            case null:
                Fail(CloseReason.PeerNotAuthenticated, "the peer's IKE_AUTH response lacks its ID or AUTH", Farewell.Delete);
                break;
        }
    }

    private void Fail(CloseReason reason, string text, Farewell farewell, Refusal? refusal = null)
    {
        FailChild(reason, text, refusal);
        _childSettled = true;
        sa.Close(reason, text, farewell);
    }

    private void FailChild(CloseReason reason, string text, Refusal? refusal = null)
    {
        _withPpk?.Dispose();
        _withPpk = null;
        context.Table.ReleaseEspSpi(_inboundSpi);
        context.Emit(new ChildFailed(sa.Handle, childRequest, null, reason, text) { Refusal = refusal });
    }
}
