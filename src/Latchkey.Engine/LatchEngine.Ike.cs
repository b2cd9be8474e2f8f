using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <content>What the network and the IKE core say.</content>
public sealed partial class LatchEngine
{
    /// <summary>A datagram from port 500, or from 4500 without its non-ESP marker.</summary>
    public void HandleIkeDatagram(TimeSpan now, InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> message)
    {
        _clear.Doubt(remote.Address);
        _state.Ike.HandleDatagram(now, local, remote, message);
        Settle(now);
    }

    private void Handle(TimeSpan now, IkeOutput output)
    {
        switch (output)
        {
            case SendDatagram send:
                _state.Effects.Add(new SendIke(send.Local, send.Remote, send.Message));
                break;
            case SendKeepalive keepalive:
                _state.Effects.Add(new SendNatKeepalive(keepalive.Local, keepalive.Remote));
                break;
            case PeerAnswered answer:
                _clear.Spoke(now, answer.Remote.Address, "answers IKE");
                break;
            case AuthorizePeer question:
                _clear.Spoke(now, question.Remote.Address, "speaks IPsec");
                _peers.Peer(now, question);
                break;
            case AuthorizeChild question:
                _peers.Child(now, question);
                break;
            case IkeSaEstablished e:
                Established(now, e);
                break;
            case IkeSaRekeyed e when _state.Find(e.Sa) is { } peering:
                (peering.Suite, peering.SpiI, peering.SpiR) = (e.Suite, e.SpiI, e.SpiR);
                peering.Heard(now);
                _state.Effects.Raise(EventKind.IkeSaRekeyed, now, peering, $"{e.Sa} with {peering.Remote.Address} has new keys");
                break;
            case ReauthenticationDue e when _state.Find(e.Sa) is { } peering:
                _reauthentication.Due(now, peering);
                break;
            case AuthenticationExpired e when _state.Find(e.Sa) is { } peering:
                _reauthentication.Expired(now, peering, e.Ours);
                break;
            case AuthLifetimeTold e when _state.Find(e.Sa) is { } peering:
                _reauthentication.Told(now, peering, e);
                break;
            case IkeSaMoved e:
                _moves.Moved(now, e);
                break;
            case MoveRefused e:
                _moves.Refused(now, e);
                _roaming.Refused(now, e);
                break;
            case IkeSaClosed e:
                Closed(now, e);
                break;
            case ChildEstablished e:
                if (_sas.Established(now, e, e.Request is { } request ? _negotiations.Succeeded(request) : null) is not null && _state.Find(e.Sa) is { } owner)
                {
                    _flows.EstablishLarval(now, owner.Pair);
                    _negotiations.SeekForLarval(now, owner.Pair);
                    _changed.Add(owner.Pair);
                    _reauthentication.Advance(now, owner);
                }

                break;
            case ChildFailed e:
                Failed(now, e);
                break;
            case ChildClosed e:
                _sas.Closed(now, e);
                if (_state.Find(e.Sa) is { } closer)
                {
                    _changed.Add(closer.Pair);
                }

                break;
            case ProbeAnswered e when _state.Find(e.Sa) is { } peering:
                _detection.ProbeAnswered(now, peering);
                _peers.EvidenceArrived(now, e.Sa);
                break;
            case ProbeSilent e when _state.Find(e.Sa) is { } peering && _roaming.TryElsewhere(now, peering):
                break;
            case ProbeSilent e when _state.Find(e.Sa) is { } peering:
                _detection.ProbeSilent(now, peering, e);
                _peers.EvidenceArrived(now, e.Sa);
                _detection.Pursue(now, peering);
                break;
            case PeerForgotUs e when _state.Find(e.Sa) is { } peering:
                _restarts.ForgotUs(now, peering, e.From);
                break;
            case CrashTokenRefused e when _state.Find(e.Sa) is { } peering:
                _state.Effects.Raise(EventKind.CrashTokenRefused, now, peering, $"{e.From} showed a crash detection token for {e.Sa} that {peering.Key} did not give us: nothing changes", "BadCrashToken");
                break;
            case HintReceived hint:
                _detection.Hint(now, hint);
                break;
            case PeerUnproved unproved:
                _state.Effects.Raise(new EngineEvent(EventKind.PeerRefused, now, $"{unproved.Remote.Address} is refused: {unproved.Text}")
                {
                    PeerAddress = unproved.Remote.Address,
                    Reason = nameof(CloseReason.PeerNotAuthenticated),
                    Details = unproved.Refusal.Lines,
                });
                break;
            case ProposalMismatch mismatch:
                _state.Effects.Raise(Explain(now, mismatch));
                break;
            case KeysExported keys:
                _state.Effects.Add(new ExportKeys(keys));
                break;
        }
    }

    private void Established(TimeSpan now, IkeSaEstablished e)
    {
        if (_state.Find(e.Sa) is not { } peering)
        {
            return;
        }

        peering.Established = true;
        (peering.Suite, peering.SpiI, peering.SpiR, peering.Since) = (e.Suite, e.SpiI, e.SpiR, now);
        peering.Authentication = new PeerAuthentication(e.Own, e.Key, peering.PeerName, _snapshots.Trust([peering]), e.AuthDigest, now)
        {
            Life = peering.Birth is { } birth ? PeerLives.LifeOf(birth) : null,
        };
        (peering.Local, peering.Remote, peering.Nat) = (e.Local, e.Remote, e.Nat);
        var before = _state.PlaceOf(peering.Pair);
        _state.Place(peering);
        if (_state.PlaceOf(peering.Pair) != before)
        {
            _recorder.Moved(now, peering.Pair);
        }

        peering.Heard(now);
        _state.Unheard.Heard(peering.Pair, e.Key.Fingerprint, called: peering.Initiated);
        _firstUse.Sighted(peering);
        _state.Effects.Raise(EventKind.IkeSaEstablished, now, peering, $"{e.Sa} with {e.Key} at {peering.Remote.Address} is up ({e.Suite})");

        // The same peer under a new IKE SA: what went silent is of no use any more (C4: no conflict).
        foreach (var old in _state.With(peering.Pair, e.Key.Fingerprint).Where(p => p != peering && p.SilentAt is not null).ToList())
        {
            _state.Ike.DeleteIkeSa(now, old.Handle, CloseReason.Superseded, $"the peer answers under {e.Sa}", tellPeer: false);
        }

        _negotiations.StopAsking(now, peering.Pair, e.Key.Fingerprint);
        if (_negotiations.AsksFor(e.Sa, e.Key.Fingerprint))
        {
            KeepOne(now, peering, e.Key.Fingerprint);
        }

        _detection.Measure(now, peering);
        _negotiations.SeekForLarval(now, peering.Pair);
        _roaming.Settled(now, peering.Pair);
    }

    /// <summary>
    /// The peer was thought lost and asked for, and answers elsewhere too: it was heard again under the IKE SA that it had, or has asked for us at the
    /// same time. Two would stay, and be replaced side by side for ever. Both ends may see that, and let the same one go.
    /// </summary>
    private void KeepOne(TimeSpan now, Peering asked, KeyFingerprint key)
    {
        foreach (var other in _state.With(asked.Pair, key).Where(p => p != asked && p.SilentAt is null).ToList())
        {
            var (stays, goes) = asked.SpiI < other.SpiI ? (asked, other) : (other, asked);
            _state.Ike.DeleteIkeSa(now, goes.Handle, CloseReason.Superseded, $"the peer answers under {stays.Handle} too", tellPeer: true);
            if (goes == asked)
            {
                return;
            }
        }
    }

    private void Closed(TimeSpan now, IkeSaClosed e)
    {
        var gone = _state.Find(e.Sa);
        if (gone is { } peering)
        {
            foreach (var child in peering.Children.Values.ToList())
            {
                _sas.Closed(now, new ChildClosed(child.Handle, e.Sa, child.InboundSpi, child.OutboundSpi, CloseReason.IkeSaClosed, e.Text));
            }

            _state.Remove(peering);
            _state.Effects.Raise(EventKind.IkeSaClosed, now, peering, $"{e.Sa} with {peering.Remote.Address} is gone: {e.Text}", e.Reason.ToString(), e.Refusal?.Lines);
            if (e.Reason == CloseReason.PeerSilent && peering.Established)
            {
                _detection.GaveUp(now, peering);
            }
            else if (peering is { Initiated: true, Established: false })
            {
                _state.Unheard.Silent(peering.Pair);
            }

            _reauthentication.Gone(now, peering, e.Reason, e.Text);
            _roaming.Settled(now, peering.Pair);
            _changed.Add(peering.Pair);
        }

        _negotiations.IkeSaGone(now, e.Sa, e.Reason, e.Text);
        _peers.Withdraw(e.Sa);
        _peers.EvidenceArrived(now, e.Sa);
        if (gone is { ForgotUs: true })
        {
            _restarts.Ask(now, gone);
        }
    }

    private void Failed(TimeSpan now, ChildFailed e)
    {
        if (_state.Find(e.Sa) is { } peering)
        {
            _state.Effects.Raise(EventKind.NegotiationFailed, now, peering, $"no Child SA with {peering.Remote.Address}: {e.Text}", e.Reason.ToString(), e.Refusal?.Lines);
        }

        _negotiations.Failed(now, e.Request, e.Reason, e.Text);
        if (_state.Find(e.Sa) is { Established: true } asked)
        {
            _reauthentication.Advance(now, asked);
        }
    }

    private EngineEvent Explain(TimeSpan now, ProposalMismatch mismatch)
    {
        var who = mismatch.ByPeer ? $"{mismatch.Remote.Address} offered" : $"{mismatch.Remote.Address} refused our";
        var entry = mismatch.Selectors is { } selectors
            ? _state.EntryFor(new AddressPair(mismatch.Local.Address, mismatch.Remote.Address), selectors)
            : null;
        return new EngineEvent(EventKind.ProposalMismatch, now, $"{who} {mismatch.Protocol} proposals{(entry is null ? "" : $" for [[protect]] \"{entry.Name}\"")}, and none suits both sides")
        {
            Reason = nameof(CloseReason.NoProposalChosen),
            PeerAddress = mismatch.Remote.Address,
            Details = mismatch.Refusal.Lines,
        };
    }
}
