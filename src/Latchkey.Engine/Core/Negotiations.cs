using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Begins what is needed so that a flow gets an SA, once and not once per packet, and tells waiting flows when it fails.</summary>
internal sealed class Negotiations(EngineState state, LatchBreaker breaker, ClearAdmission clear)
{
    private readonly Dictionary<ChildRequestHandle, Request> _requests = [];

    /// <param name="Missed">The peer that fell silent, when this asks who is in its place; else null.</param>
    private sealed record Request(IkeSaHandle Sa, AddressPair Pair, SelectorSet Selectors, KeyFingerprint? Missed, bool Brief = false);

    /// <summary>A latch needs an SA and has none: use an IKE SA that is there, or begin one.</summary>
    /// <returns>False when an IKE SA is being made for others: ask again when it stands.</returns>
    public bool Seek(TimeSpan now, Latch latch) => Seek(now, latch.Flow, latch.Entry, latch.Channel, latch.Wishes.Narrow);

    /// <summary>A flow needs an SA and has none.</summary>
    /// <param name="channel">The channel the flow is latched to, or null when it has no latch or a LARVAL one.</param>
    /// <param name="narrow">It wants one for itself alone.</param>
    /// <returns>False when an IKE SA is being made for others: ask again when it stands.</returns>
    public bool Seek(TimeSpan now, FlowKey flow, ProtectEntry entry, Channel? channel, bool narrow = false)
    {
        var pair = entry.PathOf(flow);
        var brief = channel is null && clear.IsAllowed(entry, pair.Remote);
        if ((narrow ? SelectorSet.Of(flow) : entry.SelectorsFor(flow)) is not { } selectors || _requests.Values.Any(r => r.Pair == pair && (r.Brief || !brief) && r.Selectors.Covers(flow)))
        {
            return true;
        }

        if (Usable(pair, channel) is { } usable)
        {
            Ask(now, usable, Proposal(pair, usable.LeavesOut(flow, selectors) ? SelectorSet.Of(flow) : selectors, entry));
            return true;
        }

        // An IKE SA that is being made serves this flow too: what is still missing is asked for when it stands. Only a flow
        // that may go in clear does not wait for as long as others do.
        if (brief ? _requests.Values.Any(r => r.Pair == pair && r.Brief) : IsBeginning(pair))
        {
            return false;
        }

        Begin(now, pair, entry, selectors, brief ? state.Settings.ClearNegotiation : null, brief: brief);
        return true;
    }

    /// <summary>Asks for a Child SA that covers an ESTABLISHED latch's flow alone, in the same channel (RFC 5660 L17).</summary>
    /// <returns>Null when it is there, on its way or asked for; else why not.</returns>
    public string? Narrow(TimeSpan now, Latch latch)
    {
        var flow = latch.Flow;
        if (state.NarrowChildren(latch).Any(c => c.Channel == latch.Channel) || _requests.Values.Any(r => r.Selectors.SingleFlow == flow))
        {
            return null;
        }

        if (Usable(latch.Path, latch.Channel) is not { } usable)
        {
            return $"the peer of {flow} does not answer now";
        }

        // The peer keeps Child SAs too, and bounds them: who asks for many must leave room for what others need.
        if (usable.Children.Values.Count(c => c.Selectors.SingleFlow is not null) >= state.Settings.NarrowMaximum)
        {
            return $"there are {state.Settings.NarrowMaximum} Child SAs for single flows with {latch.Path.Remote} already";
        }

        Ask(now, usable, Proposal(latch.Path, SelectorSet.Of(flow), latch.Entry));
        return null;
    }

    /// <summary>Asks who is at an address whose peer fell silent; whoever completes the exchange is the answer.</summary>
    public void AskWhoIsThere(TimeSpan now, Peering? silent, Channel channel)
    {
        var pair = channel.Parameters.Path;
        var latch = state.Latches.On(channel).FirstOrDefault(l => l.Conducts);
        if (latch?.Entry.SelectorsFor(latch.Flow) is not { } selectors || IsBeginning(pair))
        {
            return;
        }

        var settings = state.Settings;
        var peering = Begin(now, pair, latch.Entry, selectors, new Persistence(settings.WhoIsThereInterval, settings.WhoIsThereDuration), missed: channel.Parameters.PeerKey);
        state.Effects.Raise(new EngineEvent(EventKind.WhoIsThere, now, $"{pair.Remote} does not answer as {channel.Parameters.PeerKey}: asking who is there")
        {
            PeerKey = channel.Parameters.PeerKey.ToString(),
            PeerName = silent?.PeerName,
            PeerAddress = pair.Remote,
            Channel = channel.Id,
            IkeSa = peering.Handle.ToString(),
        });
    }

    /// <summary>Begins another IKE SA with the peer of one that stands, for the widest of its Child SAs or what is latched to it.</summary>
    /// <returns>Null when nothing uses it.</returns>
    public Peering? Renew(TimeSpan now, Peering old)
    {
        var children = old.Children.Values.OrderBy(c => c.Selectors.SingleFlow is not null).ThenBy(c => c.Handle.Value).Select(c => (EntryOf(old, c), (SelectorSet?)c.Selectors));
        var latches = state.Latches.Between(old.Pair).Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == old.Key!.Fingerprint)
            .Select(l => ((ProtectEntry?)l.Entry, l.Entry.SelectorsFor(l.Flow)));
        var settings = state.Settings;
        return children.Concat(latches).FirstOrDefault(c => c is (not null, not null)) is ({ } entry, { } selectors)
            ? Begin(now, old.Pair, entry, selectors, new Persistence(settings.WhoIsThereInterval, settings.WhoIsThereDuration))
            : null;
    }

    /// <summary>Asks for a Child SA as another IKE SA with the same peer has it.</summary>
    public void Renew(TimeSpan now, Peering peering, ChildSa child)
    {
        if (EntryOf(peering, child) is { } entry)
        {
            Ask(now, peering, Proposal(peering.Pair, child.Selectors, entry));
        }
    }

    /// <summary>A flow waits for a Child SA that was asked for under this IKE SA.</summary>
    public bool IsAwaited(Peering peering) => _requests.Values.Any(request => request.Sa == peering.Handle);

    /// <summary>Whether this IKE SA was begun because that peer had fallen silent under another.</summary>
    public bool AsksFor(IkeSaHandle sa, KeyFingerprint key) => _requests.Values.Any(request => request.Sa == sa && request.Missed == key);

    /// <summary>The peer that was thought lost answers: nobody else needs to be asked.</summary>
    /// <remarks>An exchange that has gone further is left alone: the other end may hold its IKE SA already.</remarks>
    public void StopAsking(TimeSpan now, AddressPair pair, KeyFingerprint key)
    {
        foreach (var request in _requests.Values.Where(r => r.Missed == key && r.Pair == pair).ToList())
        {
            if (state.Ike.Find(request.Sa) is { State: IkeSaState.Initiating })
            {
                state.Ike.DeleteIkeSa(now, request.Sa, CloseReason.Superseded, "the peer answers again", tellPeer: false);
            }
        }
    }

    /// <summary>A new IKE SA stands: flows that waited for it and are not part of its first Child SA ask for theirs.</summary>
    public void SeekForLarval(TimeSpan now, AddressPair pair)
    {
        foreach (var latch in state.Latches.Between(pair).Where(l => l.State == LatchState.Larval).ToList())
        {
            Seek(now, latch);
        }
    }

    /// <summary>The policy was changed: what would not be asked for today answers for no flow any more, however it ends.</summary>
    public void Reconsider()
    {
        foreach (var (handle, request) in _requests.ToList())
        {
            if (!state.EntriesBetween(request.Pair).SelectMany(entry => entry.SelectorsOn(request.Pair)).Contains(request.Selectors))
            {
                _requests.Remove(handle);
            }
        }
    }

    /// <returns>What was asked for; null when that is of no interest any more.</returns>
    public SelectorSet? Succeeded(ChildRequestHandle handle) => _requests.Remove(handle, out var request) ? request.Selectors : null;

    /// <summary>A Child SA will not come. LARVAL latches that wait for it end (RFC 5660 L13, L23).</summary>
    public void Failed(TimeSpan now, ChildRequestHandle handle, CloseReason reason, string text)
    {
        if (!_requests.Remove(handle, out var request))
        {
            return;
        }

        if (request.Brief && reason == CloseReason.PeerSilent)
        {
            clear.FoundSilent(now, request.Pair.Remote);
        }

        if (reason == CloseReason.SelectorsUnacceptable && request.Selectors.SingleFlow is { } alone)
        {
            text += $" to {alone} alone; it protects other flows with us, so another host at our public address may hold this one: connect again from another port";
            EndAlone(now, request, alone, text);
        }

        foreach (var latch in state.Latches.Between(request.Pair).Where(l => l.State == LatchState.Larval && request.Selectors.Covers(l.Flow)).ToList())
        {
            if ((reason == CloseReason.PeerSilent && clear.TryOpen(now, latch)) || _requests.Values.Any(r => r.Pair == request.Pair && r.Selectors.Covers(latch.Flow)))
            {
                continue;
            }

            clear.Refused(now, latch.Flow, latch.Entry);
            if (IsRefusal(reason))
            {
                breaker.Close(now, latch, ClosedReason.NegotiationFailed, DropReason.NegotiationFailed, text);
            }
            else
            {
                // Nobody answered: packet loss. The next packet begins anew (L13).
                breaker.Release(now, latch, text);
            }
        }
    }

    /// <summary>Its own peer refuses to protect a latched flow any longer: it ends, instead of waiting for what will not come.</summary>
    private void EndAlone(TimeSpan now, Request request, FlowKey flow, string text)
    {
        if (state.Latches.Find(flow) is { Conducts: true, Channel: { } own } latch && own.Parameters.PeerKey == state.Find(request.Sa)?.Key?.Fingerprint)
        {
            breaker.Close(now, latch, ClosedReason.NegotiationFailed, DropReason.NegotiationFailed, text);
        }
    }

    /// <summary>An IKE SA is gone, and with it whatever was asked for under it.</summary>
    public void IkeSaGone(TimeSpan now, IkeSaHandle sa, CloseReason reason, string text)
    {
        foreach (var handle in _requests.Where(r => r.Value.Sa == sa).Select(r => r.Key).ToList())
        {
            Failed(now, handle, reason, text);
        }
    }

    /// <summary>The IKE SA under which a flow may ask: with its latch's own peer once it has one.</summary>
    private Peering? Usable(AddressPair pair, Channel? channel) => state.Between(pair)
        .Where(p => p.Established && p.SilentAt is null && (channel is null || p.Key!.Fingerprint == channel.Parameters.PeerKey))
        .MaxBy(p => p.Since);

    private void Ask(TimeSpan now, Peering peering, ChildProposal proposal)
    {
        var request = state.Ike.CreateChild(now, peering.Handle, proposal);
        _requests.Add(request, new Request(peering.Handle, peering.Pair, proposal.Selectors, Missed: null));
    }

    private ChildProposal Proposal(AddressPair pair, SelectorSet selectors, ProtectEntry entry) =>
        new(selectors, entry.Encryption, state.Latched(pair, selectors), entry.Mode == SaMode.Tunnel);

    private static bool IsRefusal(CloseReason reason) => reason is CloseReason.PeerNotAuthenticated or CloseReason.RefusedByPeer
        or CloseReason.NoProposalChosen or CloseReason.SelectorsUnacceptable or CloseReason.TransportModeRefused or CloseReason.TunnelModeRefused or CloseReason.ProtocolError;

    private ProtectEntry? EntryOf(Peering peering, ChildSa child) =>
        state.EntriesBetween(peering.Pair).FirstOrDefault(entry => entry.SelectorsOn(peering.Pair).Any(own => !own.Intersect(child.Selectors).IsEmpty));

    private bool IsBeginning(AddressPair pair) => state.Between(pair).Any(p => p is { Initiated: true, Established: false });

    private Peering Begin(TimeSpan now, AddressPair pair, ProtectEntry entry, SelectorSet selectors, Persistence? persistence, KeyFingerprint? missed = null, bool brief = false)
    {
        // Who lost his IKE SAs to a bad network and still holds latches has forgotten nothing: the peer would take him for restarted.
        var ends = state.Departure(pair);
        var initialContact = state.Between(pair).Concat(state.WithEnds(ends)).Any(p => p.Established) ? InitialContact.No
            : !state.Latches.Between(pair).Concat(state.Latches.Between(ends)).Any(l => l.Channel is not null) ? InitialContact.Yes
            : state.Unheard.IsUnmet(pair) ? InitialContact.DaemonRestarted
            : InitialContact.No;
        var (sa, request) = state.Ike.Initiate(
            now, ends.Local, ends.Remote, Proposal(pair, selectors, entry), entry.Encapsulation != EncapsulationChoice.Esp, initialContact, persistence);
        _requests.Add(request, new Request(sa, pair, selectors, missed, brief));
        return state.Add(new Peering(sa, initiated: true, pair, new InetEndpoint(ends.Local, 500), new InetEndpoint(ends.Remote, 500), now));
    }
}
