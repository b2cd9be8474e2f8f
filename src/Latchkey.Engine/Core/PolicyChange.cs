using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Puts another policy in force. First the latches are judged, so that a flow is blocked before anything that served it
/// goes (RFC 5660 L28, L29); then the SAs that the policy no longer allows go, and whatever was under way is asked again.
/// </summary>
internal sealed class PolicyChange(EngineState state, LatchBreaker breaker, FlowAdmission flows, Negotiations negotiations, PeerAdmission peers, ClearAdmission clear)
{
    /// <param name="changed">Gets the address pairs whose broken latches may return.</param>
    public PolicyChangeResult To(TimeSpan now, SecurityPolicy policy, IReadOnlyCollection<FlowKey> connections, HashSet<AddressPair> changed)
    {
        var before = state.Policy;
        var differences = PolicyDifference.Between(before, policy);
        state.Adopt(policy);

        var result = JudgeLatches(now, before, changed) with { Differences = differences };
        var wereClear = state.ClearFlows.Flows.ToHashSet();
        clear.Judge(now);
        var begunInClear = CloseBegunInClear(now, connections.Where(flow => before.Find(flow) is null || wereClear.Contains(flow)));
        result = result with { Closed = result.Closed + begunInClear };
        state.OutsidePolicy.Clear();
        state.OutsidePolicy.UnionWith(state.Latches.Flows.Where(flow => policy.Find(flow) is null));
        JudgeListeners();
        JudgeSas(now, [.. state.Peerings.Values]);
        peers.AskAgain(now);
        negotiations.Reconsider();
        foreach (var latch in state.Latches.All.Where(l => l.State == LatchState.Larval).ToList())
        {
            flows.Advance(now, latch);
        }

        state.Effects.Raise(new EngineEvent(
            EventKind.PolicyChanged,
            now,
            $"the policy was changed: of the latches {result.Broken} broke, {result.Closed} were closed, {result.Kept} keep the policy they had, and {result.Untouched} are untouched")
        {
            Details = differences,
        });
        return result;
    }

    /// <summary>The policy that a latch kept goes with it, and with the policy the SAs that nothing else allows (RFC 5660 L15).</summary>
    /// <returns>Whether a latch that was kept has ended since the last call.</returns>
    public bool EndKept(TimeSpan now)
    {
        if (state.Kept.Count == 0)
        {
            return false;
        }

        var ended = state.Kept.Where(latch => !latch.IsKept).ToList();
        state.Kept.ExceptWith(ended);
        JudgeSas(now, [.. ended.Select(latch => latch.Path).Distinct().SelectMany(state.Between)]);
        return ended.Count > 0;
    }

    private PolicyChangeResult JudgeLatches(TimeSpan now, SecurityPolicy before, HashSet<AddressPair> changed)
    {
        var contradicted = new List<(Latch Latch, string Reason)>();
        var unauthorized = new List<(Latch Latch, string Reason)>();
        var kept = new List<(Latch Latch, string Reason)>();
        var untouched = 0;
        foreach (var latch in state.Latches.All.ToList())
        {
            if (latch.State == LatchState.Larval)
            {
                JudgeLarval(now, latch);
                continue;
            }

            if (latch.State == LatchState.Closed || latch.Channel is null)
            {
                continue;
            }

            switch (state.Judge(latch))
            {
                case LatchVerdict.Agrees { Entry: var entry }:
                    latch.Follow(entry);
                    state.Follow(latch);
                    untouched += latch.Conducts ? 1 : 0;
                    changed.Add(latch.Path);
                    break;
                case LatchVerdict.PeerUnauthorized { Reason: var reason }:
                    unauthorized.Add((latch, reason));
                    break;
                case LatchVerdict.Contradicts { Reason: var reason } when Forgot(before, latch):
                    unauthorized.Add((latch, $"its peer is not known any more, and {reason}"));
                    break;
                case LatchVerdict.Contradicts { Reason: var reason } when latch.Conducts:
                    (latch.Entry.OnPolicyChange == PolicyChangeReaction.Keep ? kept : contradicted).Add((latch, reason));
                    break;
            }
        }

        breaker.Break(now, contradicted, BreakReason.PolicyChanged);
        breaker.Close(now, unauthorized, ClosedReason.Administrative, DropReason.LatchClosed);
        foreach (var (latch, reason) in kept)
        {
            Keep(now, latch, reason);
        }

        return new PolicyChangeResult([], contradicted.Count, unauthorized.Count, kept.Count, untouched);
    }

    /// <summary>The peer was known and is not any more: an edit of the PAD (C6), not of the SPD.</summary>
    private bool Forgot(SecurityPolicy before, Latch latch) =>
        before.Knows(latch.Channel!.Parameters.PeerKey, latch.Path.Remote) && !state.Policy.Knows(latch.Channel.Parameters.PeerKey, latch.Path.Remote) && state.Policy.Find(latch.Flow) is not null;

    /// <summary>It conducted nothing yet: it waits under the new entry, or its flow is none of ours any more.</summary>
    private void JudgeLarval(TimeSpan now, Latch latch)
    {
        if (state.Policy.Find(latch.Flow) is { } entry && entry.PathOf(latch.Flow) == latch.Path && !(latch.IsForwarded && entry.Forwarding is null))
        {
            latch.Follow(entry);
        }
        else
        {
            breaker.Release(now, latch, "the policy was changed, and no [[protect]] entry covers it as before any more");
        }
    }

    private void Keep(TimeSpan now, Latch latch, string reason)
    {
        if (!latch.IsKept)
        {
            latch.Keep();
            state.Kept.Add(latch);
            state.Effects.Raise(EventKind.LatchKept, now, latch, $"the latch of {latch.Flow} stays as it is: the policy was changed, and {reason}; but its own says on_policy_change = \"keep\"");
        }
    }

    private int CloseBegunInClear(TimeSpan now, IEnumerable<FlowKey> connections)
    {
        var begun = new List<(Latch Latch, string Reason)>();
        foreach (var flow in connections.Where(flow => state.Latches.Find(flow) is null && !state.ClearFlows.Contains(flow)))
        {
            if (state.Policy.Find(flow) is not { } entry)
            {
                continue;
            }

            if (clear.IsAllowed(entry, flow.Remote))
            {
                clear.Adopt(now, flow, entry);
            }
            else
            {
                begun.Add((state.Latches.CreateLarval(now, flow, entry), $"it began in clear, and [[protect]] \"{entry.Name}\" covers it now: nobody knows with whom it began"));
            }
        }

        breaker.Close(now, begun, ClosedReason.Administrative, DropReason.LatchClosed);
        return begun.Count;
    }

    /// <summary>New ones are made when the host's sockets are looked at next.</summary>
    private void JudgeListeners()
    {
        foreach (var listener in state.Latches.Listeners.ToList())
        {
            if (state.Policy.Find(listener.Key) is { } entry)
            {
                state.Latches.Follow(listener, entry);
            }
            else
            {
                state.Latches.ReleaseListener(listener.Key);
            }
        }
    }

    private void JudgeSas(TimeSpan now, IReadOnlyCollection<Peering> peerings)
    {
        foreach (var peering in peerings)
        {
            if (!state.EntriesBetween(peering.Pair).Any(entry => entry.MayBeBetween(peering.Ends)))
            {
                Delete(now, peering, $"no [[protect]] entry covers {peering.Ends}");
            }
            else if (peering.Established)
            {
                JudgePeer(now, peering);
            }
        }
    }

    private void JudgePeer(TimeSpan now, Peering peering)
    {
        var match = state.Authorize(peering.Asserted!, peering.Key!.Fingerprint, peering.Pair, peering.Remote.Address);
        peering.Match = match;
        if (match is PadResult.Refused { Reason: var reason })
        {
            Delete(now, peering, reason);
            return;
        }

        foreach (var child in peering.Children.Values.ToList())
        {
            var allowed = state.ChildAuthorization.Narrow(match, peering.Pair, child.Selectors, state.KeptFor(peering.Pair, peering.Key.Fingerprint));
            var refusal = allowed switch
            {
                ChildAuthorizationResult.Refused { Reason: var why } => why,
                ChildAuthorizationResult.Allowed { Selectors: var part } when part != child.Selectors => $"of {child.Selectors} it allows {part}",
                ChildAuthorizationResult.Allowed { Entry: var entry } when entry.Mode != child.Channel.Parameters.Mode => $"it wants {entry.Mode} mode",
                ChildAuthorizationResult.Allowed { Entry: var entry } => entry.ObjectionTo(child.Channel.Parameters.Quality),
                _ => null,
            };
            if (refusal is not null)
            {
                state.Ike.DeleteChild(now, child.Handle, CloseReason.DeletedLocally, $"the policy was changed: {refusal}");
            }
        }
    }

    private void Delete(TimeSpan now, Peering peering, string reason) =>
        state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.DeletedLocally, $"the policy was changed: {reason}", tellPeer: peering.Established);
}
