using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Answers the IKE core's questions: may this key speak for this address, and may this Child SA be? Where a living latch
/// stands against the newcomer the answer waits for evidence: does the old peer still answer? (design: evidence, not
/// time-outs).
/// </summary>
internal sealed class PeerAdmission(EngineState state, LatchBreaker breaker, Detection detection, FirstUse firstUse, Restarts restarts)
{
    private readonly List<Question> _waiting = [];

    /// <summary>An answer that waits until every incumbent has answered a probe or has been silent through one.</summary>
    /// <param name="AskAgain">Judges it anew.</param>
    /// <param name="InitialContact">When the exchange began in which the peer says INITIAL_CONTACT; null when it does not.</param>
    private sealed record Question(
        IkeSaHandle Sa, uint? ChildQuestion, AddressPair Pair, PadResult Match, KeyFingerprint Key, TimeSpan? InitialContact, Candidate? Candidate, ChildVerdict? Otherwise,
        HashSet<IkeSaHandle> Awaiting, Action<TimeSpan> AskAgain);

    /// <summary>A Child SA that policy allows, under this entry.</summary>
    /// <param name="IsRekey">It replaces an SA of the same channel, and so brings no news of who is there.</param>
    private sealed record Candidate(ProtectEntry Entry, SelectorSet Selectors, ChannelParameters Parameters, bool IsRekey);

    public void Peer(TimeSpan now, AuthorizePeer question)
    {
        var ends = new AddressPair(question.Local.Address, question.Remote.Address);
        var peering = state.Find(question.Sa) ?? state.Add(new Peering(question.Sa, question.Initiated, state.PathOf(ends, question.Child), question.Local, question.Remote, now));
        peering.Key = question.Key;
        peering.Local = question.Local;
        peering.Remote = question.Remote;
        var key = question.Key.Fingerprint;
        peering.Asserted = question.Key.ProvesNothing ? AssertedIdentity.Nobody : Asserted(question.Id);
        var match = state.Authorize(peering.Asserted, key, peering.Pair, ends.Remote);
        peering.Match = match;
        if (match is PadResult.Refused refused)
        {
            if (firstUse.Inherits(peering, question.Vouchers) is { } inherited)
            {
                firstUse.Record(peering, inherited, (t, problem) => Recorded(t, question.Sa, problem, again => Peer(again, question), null));
            }
            else
            {
                Stranger(now, peering, key, refused);
            }

            return;
        }

        if (match is PadResult.Btns)
        {
            firstUse.TellMoved(now, peering);
        }

        restarts.Meet(now, peering, question.Birth);
        Candidate? candidate = null;
        ChildVerdict? otherwise = null;
        if (question.Child is { } offer)
        {
            (candidate, otherwise) = Judge(now, peering, match, key, offer);
        }

        Decide(now, new Question(question.Sa, null, peering.Pair, match, key, question.InitialContact ? question.Began : null, candidate, otherwise, [], t => Peer(t, question)));
    }

    public void Child(TimeSpan now, AuthorizeChild question)
    {
        if (state.Find(question.Sa) is not { Key: { } key, Match: { } match } peering)
        {
            state.Ike.AnswerChild(now, question.Sa, question.Question, new ChildVerdict.Refuse("the peer is not authorised"));
            return;
        }

        peering.Heard(now);
        var (candidate, otherwise) = Judge(now, peering, match, key.Fingerprint, question.Child);
        Decide(now, new Question(question.Sa, question.Question, peering.Pair, match, key.Fingerprint, InitialContact: null, candidate, otherwise, [], t => Child(t, question)));
    }

    /// <summary>An incumbent answered, was silent through a probe, or is gone: questions that waited for it may go on.</summary>
    public void EvidenceArrived(TimeSpan now, IkeSaHandle incumbent)
    {
        foreach (var question in _waiting.Where(q => q.Awaiting.Remove(incumbent) && q.Awaiting.Count == 0).ToList())
        {
            _waiting.Remove(question);
            Conclude(now, question);
        }
    }

    /// <summary>The policy was changed: what still waits is judged anew.</summary>
    public void AskAgain(TimeSpan now)
    {
        var waiting = _waiting.ToList();
        _waiting.Clear();
        waiting.ForEach(question => question.AskAgain(now));
    }

    /// <summary>The newcomer went away while its question waited.</summary>
    public void Withdraw(IkeSaHandle sa) => _waiting.RemoveAll(q => q.Sa == sa);

    private static AssertedIdentity Asserted(IkeIdentification id) => new(
        id is { Type: IdType.KeyId, Data.Length: 32 } ? new KeyFingerprint(id.Data.Span) : null,
        id.Address,
        id.Type is IdType.Fqdn or IdType.Rfc822Address ? id.ToString() : null);

    private (Candidate? Candidate, ChildVerdict? Otherwise) Judge(TimeSpan now, Peering peering, PadResult match, KeyFingerprint key, ChildOffer offer)
    {
        var result = state.ChildAuthorization.Narrow(match, peering.Pair, offer.Selectors, state.KeptFor(peering.Pair, key));
        var parameters = state.ParametersFor(peering.Pair, key, offer.Suite, offer.Tunnel);
        if (ChildRefusal.Of(state, peering.Pair, key, offer, result, parameters) is { } refused)
        {
            state.Effects.RaiseRefusal(
                EventKind.ChildRefused, now, peering, $"a Child SA with {peering.Remote.Address} for {offer.Selectors} is refused: {refused.Reason}", "SelectorsUnacceptable", refused.Refusal.Lines);
            return (null, new ChildVerdict.Refuse(refused.Reason) { Configured = refused.Nearest });
        }

        var allowed = (ChildAuthorizationResult.Allowed)result;
        return (new Candidate(allowed.Entry, allowed.Selectors, parameters, IsRekey: offer.Rekeys is not null), null);
    }

    /// <summary>A key that the PAD refuses gets nothing. What it means for the latches there is the operator's choice.</summary>
    private void Stranger(TimeSpan now, Peering peering, KeyFingerprint key, PadResult.Refused refused)
    {
        var changed = state.Pad.PinAt(peering.Pair.Remote) is { } pin && pin.Key != key ? ChangedKey.Explain(pin, key, state.Policy.Pins) : [];
        var refusal = new Refusal([new Difference("identity", [$"{key}, asserted as {peering.Asserted}"], [refused.Configured])], refused.Remedies);
        state.Effects.Raise(
            EventKind.PeerRefused, now, peering, $"{key} at {peering.Remote.Address} is refused: {refused.Reason}", "PeerNotAuthenticated", [.. refusal.Lines, .. changed]);
        state.Ike.AnswerPeer(now, peering.Handle, new PeerVerdict.Refuse(refused.Reason));
        var incumbents = state.Latches.Between(peering.Pair)
            .Where(l => l.Conducts && l.Entry.OnStranger == Reaction.Close && l.Channel!.Parameters.PeerKey != key).ToList();
        foreach (var channel in incumbents.Select(l => l.Channel!).Distinct())
        {
            detection.SuspectReplaced(now, channel);
        }
    }

    private void Decide(TimeSpan now, Question question)
    {
        foreach (var incumbent in Incumbents(question).Where(p => !p.IsProvedSilent(now)))
        {
            question.Awaiting.Add(incumbent.Handle);
        }

        if (question.Awaiting.Count == 0)
        {
            Conclude(now, question);
            return;
        }

        _waiting.Add(question);
        foreach (var sa in question.Awaiting.ToList())
        {
            detection.Probe(now, state.Peerings[sa]);
        }
    }

    /// <summary>
    /// IKE SAs whose word counts before this newcomer is let in: those that hold latches it would break, and those it says
    /// to have forgotten.
    /// </summary>
    private IEnumerable<Peering> Incumbents(Question question)
    {
        var keys = question.Candidate is { IsRekey: true } || OwnsAddress(question)
            ? []
            : Conflicts(question, question.Candidate).Select(l => l.Channel!.Parameters.PeerKey).Where(k => k != question.Key).ToHashSet();
        return Around(question).Where(p => p.Established && keys.Contains(p.Key!.Fingerprint))
            .Concat(restarts.Forgotten(question.Sa, question.Pair, question.Key, question.InitialContact));
    }

    private IReadOnlyList<Latch> Conflicts(Question question, Candidate? candidate)
    {
        if (candidate is null)
        {
            return [];
        }

        var conflicts = state.Latches.FindConflicts(question.Pair, candidate.Selectors, candidate.Parameters);
        return ClaimsAddress(question) ? [.. conflicts.Union(Rivals(question.Pair.Remote, question.Key))] : conflicts;
    }

    /// <summary>Under first use a peer does not ask for some flows with its address, but for the address.</summary>
    private static bool ClaimsAddress(Question question) => question is { Match: PadResult.Btns, Candidate.Entry.Trust: TrustLevel.FirstUse };

    /// <summary>The address is pinned to the newcomer's key: no other is authorised there any more, whether it answers or not.</summary>
    private bool OwnsAddress(Question question) => state.Pad.PinAt(question.Pair.Remote)?.Key == question.Key;

    /// <summary>Who has the newcomer's address; under first use from the view of any address of ours.</summary>
    private IEnumerable<Peering> Around(Question question) => ClaimsAddress(question)
        ? state.Peerings.Values.Where(p => p.Pair.Remote == question.Pair.Remote)
        : state.Between(question.Pair);

    /// <summary>Latches that tie flows with an address to other keys: left from when nobody was pinned there.</summary>
    private IEnumerable<Latch> Rivals(InetAddress remote, KeyFingerprint key) =>
        state.Latches.All.Where(l => l.State == LatchState.Established && l.Path.Remote == remote && l.Channel!.Parameters.PeerKey != key);

    private void Conclude(TimeSpan now, Question question)
    {
        if (state.Find(question.Sa) is not { } newcomer)
        {
            return;
        }

        restarts.InitialContact(now, newcomer, question.InitialContact);
        var candidate = AroundTheLiving(now, question, newcomer);
        if (question.Candidate is not null && candidate is null)
        {
            Answer(now, question, new ChildVerdict.Refuse("another peer that answers at the same address holds latched flows there"));
            return;
        }

        if (candidate is not null && firstUse.MustPin(candidate.Entry, question.Match, question.Pair.Remote))
        {
            firstUse.Record(newcomer, inPlaceOf: null, (t, problem) => Recorded(t, question.Sa, problem, question.AskAgain, question.ChildQuestion));
            return;
        }

        if (candidate is not null)
        {
            Replaced(now, question, newcomer, candidate);
            GiveWay(now, question, candidate);
        }

        Answer(now, question, candidate is null ? question.Otherwise : new ChildVerdict.Accept(candidate.Selectors));
    }

    /// <summary>The pin that a newcomer waited for is recorded, so that it is judged anew, or it is not, and the newcomer is refused.</summary>
    private void Recorded(TimeSpan now, IkeSaHandle sa, string? problem, Action<TimeSpan> askAgain, uint? childQuestion)
    {
        if (state.Find(sa) is not { } newcomer)
        {
            return;
        }

        if (problem is null)
        {
            askAgain(now);
            return;
        }

        var refusal = $"its key cannot be pinned to {newcomer.Pair.Remote}: {problem}";
        state.Effects.Raise(EventKind.PeerRefused, now, newcomer, $"{newcomer.Key} at {newcomer.Pair.Remote} is refused: {refusal}", "PinNotRecorded");
        if (childQuestion is { } id)
        {
            state.Ike.AnswerChild(now, sa, id, new ChildVerdict.Refuse(refusal));
        }
        else
        {
            state.Ike.AnswerPeer(now, sa, new PeerVerdict.Refuse(refusal));
        }
    }

    /// <summary>
    /// Two peers that both answer share the address (a NAT): what the one holds latched is left out of the other's SA (L27).
    /// </summary>
    /// <returns>What may be accepted; null when that is nothing.</returns>
    private Candidate? AroundTheLiving(TimeSpan now, Question question, Peering newcomer)
    {
        if (question.Candidate is not { } candidate || OwnsAddress(question))
        {
            return question.Candidate;
        }

        var held = Conflicts(question, candidate)
            .Where(l => l.Channel!.Parameters.PeerKey != question.Key && (candidate.IsRekey || Answers(now, l.Channel) || IsUnheard(now, newcomer, l.Channel))).ToList();
        if (held.Count == 0)
        {
            return candidate;
        }

        var narrowed = ClaimsAddress(question) ? null : candidate.Selectors.Around(held.Select(l => l.Flow));
        var lives = Answers(now, held[0].Channel!) ? "answers too at" : "has not been heard since the restart at";
        var because = $"{held[0].Channel!.Parameters.PeerKey} {lives} {question.Pair.Remote} and holds {held.Count} latched {(held.Count == 1 ? "flow" : "flows")} there";
        if (narrowed is null || narrowed.IsEmpty)
        {
            var nothingLeft = narrowed is null ? "where first use is trusted an address has one owner" : "nothing else was asked for";
            state.Effects.RaiseRefusal(EventKind.ChildRefused, now, newcomer, $"a Child SA for {question.Key} is refused: {because}, and {nothingLeft}", "OldPeerAlive");
            return null;
        }

        state.Effects.RaiseRefusal(EventKind.ChildNarrowed, now, newcomer, $"the Child SA of {question.Key} is narrowed to {narrowed}: {because}", "OldPeerAlive");
        return candidate with { Selectors = narrowed };
    }

    private bool Answers(TimeSpan now, Channel channel) =>
        state.With(channel.Parameters.Path, channel.Parameters.PeerKey).Any(p => !p.IsProvedSilent(now));

    /// <summary>
    /// A restored latch's peer, of which nothing is known yet, counts as living for a newcomer that calls us; it is called, if
    /// it is not already. Who answers our own call in its place is the proof that it is gone.
    /// </summary>
    private bool IsUnheard(TimeSpan now, Peering newcomer, Channel channel)
    {
        if (newcomer.Initiated || !state.Unheard.Contains(channel))
        {
            return false;
        }

        detection.Unanswered(now, channel);
        return true;
    }

    private void Replaced(TimeSpan now, Question question, Peering newcomer, Candidate candidate)
    {
        var conflicts = Conflicts(question, candidate);
        var replaced = conflicts.Where(l => l.Channel!.Parameters.PeerKey != question.Key).ToList();
        if (replaced.Count > 0)
        {
            state.Effects.Raise(EventKind.PeerReplaced, now, newcomer, $"{question.Key} completed IKE_AUTH from {newcomer.Remote.Address}, where {replaced[0].Channel!.Parameters.PeerKey} no longer answers", "PeerReplaced");
            breaker.Break(now, replaced, BreakReason.PeerReplaced, $"{question.Key} answers at {newcomer.Remote.Address} now, and the peer it is latched to does not");
        }

        var changed = conflicts.Where(l => l.Channel!.Parameters.PeerKey == question.Key).ToList();
        if (changed.Count > 0)
        {
            breaker.Break(now, changed, BreakReason.QopMismatch, $"its peer now insists on {candidate.Parameters.Quality}, and the latch holds {changed[0].Channel!.Parameters.Quality}");
        }
    }

    /// <summary>
    /// SAs that other keys hold over the same flows go, unless they carry latches of a peer that is not known to be silent:
    /// those stay, and a latch leaves its flow to its own channel (docs/decisions/evidence.md).
    /// </summary>
    private void GiveWay(TimeSpan now, Question question, Candidate candidate)
    {
        foreach (var other in Around(question).Where(p => p.Established && p.Handle != question.Sa && p.Key!.Fingerprint != question.Key).ToList())
        {
            var silent = other.SilentAt is not null;
            if (ClaimsAddress(question) || (silent && !other.Children.Values.Any(c => CarriesLatches(c))))
            {
                state.Ike.DeleteIkeSa(now, other.Handle, CloseReason.PeerGone, $"{question.Key} took its place at {question.Pair.Remote}", tellPeer: false);
                continue;
            }

            foreach (var child in other.Children.Values.Where(c => (silent || !CarriesLatches(c)) && !c.Selectors.Intersect(candidate.Selectors).IsEmpty).ToList())
            {
                state.Ike.DeleteChild(now, child.Handle, CloseReason.Superseded, $"{question.Key} speaks for {question.Pair.Remote} now");
            }
        }
    }

    private bool CarriesLatches(ChildSa child) => state.Latches.On(child.Channel).Any(l => l.Conducts);

    private void Answer(TimeSpan now, Question question, ChildVerdict? verdict)
    {
        if (question.ChildQuestion is { } id)
        {
            state.Ike.AnswerChild(now, question.Sa, id, verdict ?? new ChildVerdict.Refuse("nothing was asked for"));
        }
        else
        {
            state.Ike.AnswerPeer(now, question.Sa, new PeerVerdict.Accept(verdict));
        }
    }
}
