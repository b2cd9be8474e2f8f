using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our CREATE_CHILD_SA request for a new Child SA (RFC 7296 §1.3.1) or the rekey of one (§1.3.3).</summary>
internal sealed class CreateChildRequest : OutgoingRequest
{
    /// <summary>Refusals "for now" before the request is given up.</summary>
    private const int RetryMaximum = 8;

    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(50);

    private readonly HostContext _context;
    private readonly IkeSa _sa;
    private readonly ChildRequestHandle _request;
    private readonly ChildProposal _proposal;
    private readonly ChildSa? _rekeys;
    private readonly EspNegotiation _negotiation;
    private readonly uint _inboundSpi;
    private KeyExchangeMethod? _method;
    private KeyExchangeOffer? _offer;
    private byte[] _nonce = [];
    private int _retries;
    private bool _keyExchangeCorrected;

    private CreateChildRequest(HostContext context, IkeSa sa, ChildRequestHandle request, ChildProposal child, ChildSa? rekeys)
    {
        _context = context;
        _sa = sa;
        _request = request;
        _proposal = child;
        _rekeys = rekeys;
        _negotiation = new EspNegotiation(context.Settings, child.Encryption, withKeyExchange: true, child.Latched);
        _method = _negotiation.GuessKeyExchange(sa.Current!.Suite.KeyExchange);
        _inboundSpi = context.ReserveEspSpi();
    }

    public override ExchangeType Exchange => ExchangeType.CreateChildSa;

    public static CreateChildRequest New(HostContext context, IkeSa sa, ChildRequestHandle request, ChildProposal child) =>
        new(context, sa, request, child, null);

    /// <summary>With the cipher of the old one: with another it would be no replacement for what is latched to it (RFC 5660 C1, C4).</summary>
    public static CreateChildRequest Rekey(HostContext context, ChildSa child) =>
        new(context, child.Sa, context.NextRequestHandle(), new ChildProposal(child.Terms.Selectors, [child.Terms.Suite.Encryption], [child.Terms.Suite], child.Terms.Tunnel), child);

    public override IReadOnlyList<IkePayload>? Build(Generation generation)
    {
        if (_rekeys is { IsClosed: true } or { IsBeingDeleted: true } or { ReplacedByPeer: not null })
        {
            Fail(CloseReason.Superseded, "the Child SA to replace is gone or was replaced by the peer");
            return null;
        }

        _nonce = _context.Nonce();
        _offer?.Dispose();
        _offer = _method?.Offer(_context.Random);
        return
        [
            .. _rekeys is null
                ? Enumerable.Empty<IkePayload>()
                : [new NotifyPayload(IkeProtocol.Esp, ChildPayloads.SpiOctets(_rekeys.InboundSpi), NotifyType.RekeySa, [])],
            new NoncePayload(_nonce),
            .. _offer is null ? Enumerable.Empty<IkePayload>() : [new KeyExchangePayload(_offer.Method.TransformId, _offer.PublicValue)],
            .. ChildPayloads.Ask(_negotiation, _inboundSpi, _proposal),
        ];
    }

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        switch (answer.Error?.Notify)
        {
            case NotifyType.TemporaryFailure or NotifyType.NoAdditionalSas when _retries < RetryMaximum:
                RetryLater();
                return;
            case NotifyType.InvalidKePayload when CorrectKeyExchange(answer.Error.Data):
                generation.Sa.Current!.Requests.Enqueue(this);
                return;
            case NotifyType.ChildSaNotFound when _rekeys is not null:
                // RFC 7296 §2.25.1: the peer has lost it, so ours goes too. A Delete is harmless, and ends any doubt.
                Fail(CloseReason.DeletedByPeer, "the peer no longer has the Child SA to replace");
                _rekeys.Delete(CloseReason.DeletedByPeer, "the peer no longer has the Child SA");
                return;
        }

        var granted = ChildPayloads.ReadGranted(_sa, answer, _negotiation, _proposal);
        if (granted is GrantedChild.Failed failed)
        {
            if (failed.Proposals is { } refusal)
            {
                _context.Emit(new ProposalMismatch(_sa.Local, _sa.Remote, ByPeer: false, "ESP", refusal, _proposal.Selectors));
            }

            Reject(failed.Reason, failed.Text, failed.PeerHasIt, failed.Selectors);
        }
        else if (answer.Nonce is not { } nonce || !TryFinishKeyExchange(answer, (GrantedChild.Granted)granted, out var shared))
        {
            Reject(CloseReason.ProtocolError, "the peer's nonce or key exchange value is missing or not valid", peerHasIt: true);
        }
        else
        {
            Ask(generation, (GrantedChild.Granted)granted, nonce.Nonce, shared);
        }
    }

    public override void Abandon(CloseReason reason, string text) => Fail(reason, text);

    private void Ask(Generation generation, GrantedChild.Granted granted, byte[] nonceR, SecretBytes? shared)
    {
        var offer = new ChildOffer(granted.Selectors, granted.Suite, _proposal.Tunnel, _rekeys?.Handle, _request);
        _sa.AskAboutChild(
            offer,
            verdict =>
            {
                // Without the keys of its generation, forgotten after a long wait, the Child SA cannot come to be.
                if (verdict is not ChildVerdict.Accept accept || generation.IsDisposed)
                {
                    shared?.Dispose();
                    Reject(CloseReason.DeletedLocally, (verdict as ChildVerdict.Refuse)?.Reason ?? "the verdict came too late", peerHasIt: true);
                    return;
                }

                Conclude(generation, new ChildTerms(
                    _inboundSpi, granted.PeerSpi, granted.Suite, accept.Selectors, _proposal.Tunnel, Initiated: true, _nonce, nonceR, shared));
            },
            (reason, text) =>
            {
                shared?.Dispose();
                Fail(reason, text);
            });
    }

    private void Conclude(Generation generation, ChildTerms terms)
    {
        _offer?.Dispose();
        var child = ChildSa.Establish(_context, generation, terms, _request, _rekeys);
        if (_rekeys is null)
        {
            return;
        }

        _rekeys.IsBeingRekeyed = false;
        if (_rekeys.ReplacedByPeer is { } peer && peer.BeatsExchangeOf(terms.NonceI, terms.NonceR))
        {
            // Both sides replaced it at once and ours is the one too many (RFC 7296 §2.8.1); the peer deletes the old one.
            child.DeleteWhenAnswered(CloseReason.Superseded, "the peer replaced the same Child SA at the same time");
        }
        else if (!_rekeys.IsClosed)
        {
            _rekeys.DeleteWhenAnswered(CloseReason.Rekeyed, $"replaced by {child.Handle}");
        }
    }

    private bool TryFinishKeyExchange(PayloadSet answer, GrantedChild.Granted granted, out SecretBytes? shared)
    {
        shared = null;
        if (granted.Suite.KeyExchange is not { } agreed)
        {
            // We offered to do without as well, and a value of ours that nobody wants is no more than that.
            return true;
        }

        return _offer is not null && agreed.TransformId == _offer.Method.TransformId
            && answer.KeyExchange is { } theirs && theirs.Method == _offer.Method.TransformId
            && _offer.TryComplete(theirs.PublicValue, out shared);
    }

    private bool CorrectKeyExchange(byte[] data)
    {
        if (_keyExchangeCorrected || data.Length != 2 || _negotiation.FindKeyExchange(BinaryPrimitives.ReadUInt16BigEndian(data)) is not { } wanted)
        {
            return false;
        }

        _keyExchangeCorrected = true;
        _method = wanted;
        return true;
    }

    // Both sides may be in each other's way (RFC 7296 §2.25.2), so the waits are random and grow.
    private void RetryLater()
    {
        var wait = RetryFirst * (1 << _retries++);
        _sa.RequestLater(wait + _context.RandomSpan(wait), this);
    }

    private void Reject(CloseReason reason, string text, bool peerHasIt, Refusal? refusal = null)
    {
        Fail(reason, text, refusal);
        if (peerHasIt)
        {
            _sa.Current?.Requests.Enqueue(new DeleteRequest(DeletePayload.Esp(_inboundSpi)));
        }
    }

    private void Fail(CloseReason reason, string text, Refusal? refusal = null)
    {
        _offer?.Dispose();
        _context.Table.ReleaseEspSpi(_inboundSpi);
        if (_rekeys is not null)
        {
            _rekeys.IsBeingRekeyed = false;
        }

        _context.Emit(new ChildFailed(_sa.Handle, _request, _rekeys?.Handle, reason, text) { Refusal = refusal });
    }
}
