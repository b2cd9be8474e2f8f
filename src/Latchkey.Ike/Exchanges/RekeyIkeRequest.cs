using System.Buffers.Binary;
using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Our CREATE_CHILD_SA request that replaces the keys of the IKE SA (RFC 7296 §1.3.2, §2.18).</summary>
internal sealed class RekeyIkeRequest(HostContext context, IkeSa sa) : OutgoingRequest
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(50);

    private readonly ulong _spi = context.NewIkeSpi();

    /// <summary>At first the suite in force and nothing else, so that the peer has no choice (docs/decisions/rekey-suite.md).</summary>
    private ImmutableArray<IkeProposal> _offered = [sa.Current!.Suite.Again];
    private KeyExchangeMethod _method = sa.Current!.Suite.KeyExchange;
    private KeyExchangeOffer? _offer;
    private byte[] _nonce = [];
    private int _retries;
    private bool _refusalTold;

    /// <summary>The generation that the peer's own rekey made while ours was under way (RFC 7296 §2.8.2).</summary>
    public (Generation Generation, PeerRekey Rekey)? PeersRekey { get; set; }

    /// <summary>Sent, and not answered yet: only then can it collide with the peer's.</summary>
    public bool IsOnTheWire { get; private set; }

    public override ExchangeType Exchange => ExchangeType.CreateChildSa;

    public override IReadOnlyList<IkePayload>? Build(Generation generation)
    {
        if (sa.RekeyUnderWay != this)
        {
            return null;
        }

        IsOnTheWire = true;
        _nonce = context.Nonce();
        _offer?.Dispose();
        _offer = _method.Offer(context.Random);
        return
        [
            IkeNegotiation.Offer(_offered, InitMessages.SpiOctets(_spi)),
            new NoncePayload(_nonce),
            new KeyExchangePayload(_offer.Method.TransformId, _offer.PublicValue),
        ];
    }

    public override void HandleAnswer(Generation generation, PayloadSet answer)
    {
        IsOnTheWire = false;
        if (sa.State == IkeSaState.Established)
        {
            Conclude(generation, answer);
        }

        _offer?.Dispose();
    }

    public override void Abandon(CloseReason reason, string text)
    {
        _offer?.Dispose();
        PeersRekey?.Generation.Dispose();
    }

    /// <summary>The peer deleted the old generation before it answered us: its rekey has won.</summary>
    public bool YieldToPeer()
    {
        if (PeersRekey is not { } peers || sa.RekeyUnderWay != this)
        {
            return false;
        }

        sa.RekeyUnderWay = null;
        sa.Succeed(peers.Generation, deleteOld: false);
        return true;
    }

    private void Conclude(Generation generation, PayloadSet answer)
    {
        var next = ReadAnswer(generation, answer, out var nonceR);
        if (sa.RekeyUnderWay != this)
        {
            // It has lost already; what it made is ours to delete.
            next?.Retire(sayDelete: true);
        }
        else if (PeersRekey is { } peers)
        {
            sa.RekeyUnderWay = null;
            ConcludeCollision(next, nonceR, peers.Generation, peers.Rekey);
        }
        else if (next is not null)
        {
            sa.RekeyUnderWay = null;
            sa.Succeed(next, deleteOld: true);
        }
        else if (sa.State == IkeSaState.Established)
        {
            RetryLater(answer);
        }
    }

    private void ConcludeCollision(Generation? ours, byte[] nonceR, Generation peers, PeerRekey rekey)
    {
        if (ours is null)
        {
            sa.Succeed(peers, deleteOld: false);
        }
        else if (rekey.BeatsExchangeOf(_nonce, nonceR))
        {
            sa.Succeed(peers, deleteOld: false);
            ours.Retire(sayDelete: true);
        }
        else
        {
            // The peer deletes its own, superfluous generation; ours to delete is the old one.
            sa.Succeed(ours, deleteOld: true);
            peers.Retire(sayDelete: false);
        }
    }

    private Generation? ReadAnswer(Generation generation, PayloadSet answer, out byte[] nonceR)
    {
        nonceR = answer.Nonce?.Nonce ?? [];
        if (answer.Error is not null
            || answer.Sa is not { Proposals: [{ Spi.Length: 8 } proposal] } chosen || answer.Nonce is null || answer.KeyExchange is not { } theirs
            || !IkeNegotiation.TryReadAnswer(chosen, _offered, out var suite)
            || suite.KeyExchange.TransformId != _offer!.Method.TransformId || theirs.Method != suite.KeyExchange.TransformId
            || !_offer.TryComplete(theirs.PublicValue, out var shared))
        {
            return null;
        }

        var next = RekeyIkeResponder.MakeGeneration(
            context, generation, suite, shared!, _nonce, nonceR, _spi, BinaryPrimitives.ReadUInt64BigEndian(proposal.Spi), weInitiated: true);
        // A token in this answer is one for the new SPIs (RFC 6290 §4.3).
        next.PeerToken.Take(answer);
        return next;
    }

    // The lifetime bounds the retries: an IKE SA that cannot be rekeyed expires.
    private void RetryLater(PayloadSet answer)
    {
        switch (answer.Error)
        {
            case { Notify: NotifyType.InvalidKePayload, Data.Length: 2 } error
                when context.RekeyProposals.SelectMany(p => p.KeyExchange).FirstOrDefault(k => k.TransformId == BinaryPrimitives.ReadUInt16BigEndian(error.Data)) is { } wanted:
                (_method, _offered) = (wanted, context.RekeyProposals);
                break;
            case { Notify: NotifyType.NoProposalChosen } when _offered != context.RekeyProposals:
                _offered = context.RekeyProposals;
                break;
            case { Notify: NotifyType.NoProposalChosen } when !_refusalTold:
                _refusalTold = true;
                var refusal = ProposalRefusal.OfOurs(IkeNegotiation.Offer(_offered, []), Telling.ReadProposals(answer));
                context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: false, "IKE", refusal));
                break;
        }

        var wait = RetryFirst * (1 << Math.Min(_retries++, 10));
        sa.RequestLater(wait + context.RandomSpan(wait), this);
    }
}
