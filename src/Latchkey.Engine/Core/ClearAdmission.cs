using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Decides which flows go in clear (<c>clear = "until-ipsec"</c>): those of hosts that never spoke IKE, after a short
/// negotiation that nothing answered. What is let go stays so for life; a host that spoke once is never reached in clear again.
/// </summary>
/// <remarks>
/// Silence is no proof: whoever can keep our IKE from a host we never met has it reached in clear. That is the price of the
/// setting, and why it is not the default.
/// </remarks>
internal sealed class ClearAdmission(EngineState state)
{
    /// <summary>Hosts whose silence is remembered at most; one that is not remembered is asked again for each flow.</summary>
    private const int SilentMaximum = 1 << 16;

    /// <summary>One refusal of a host is told in this time.</summary>
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromSeconds(10);

    /// <summary>Hosts that answered nothing, and when that was last seen.</summary>
    private readonly Dictionary<InetAddress, TimeSpan> _silent = [];

    /// <summary>Flows that hosts began in clear, waiting for what the negotiation with their host shows.</summary>
    private readonly Dictionary<InetAddress, Dictionary<FlowKey, ProtectEntry>> _knocks = [];

    private readonly Dictionary<InetAddress, TimeSpan> _refusalTold = [];

    /// <summary>Whether new flows of this entry may go in clear to this host, as far as is known.</summary>
    public bool IsAllowed(ProtectEntry entry, InetAddress host) =>
        entry.ClearUntilIpsec && state.ClearSuspended is null && !state.IpsecHosts.IsFull && !state.IpsecHosts.Contains(host) && !state.Pad.IsOwned(host);

    /// <summary>A local socket begins a flow without a latch. True when it goes in clear at once.</summary>
    public bool TryAdmit(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        if (!IsAllowed(entry, flow.Remote))
        {
            // Another connection with the 5-tuple of an old one, or one that nobody answered yet: it begins anew.
            if (state.ClearFlows.Remove(flow, out _))
            {
                state.Effects.Raise(Event(EventKind.ClearEnded, now, flow, $"{flow} went in clear and begins anew, and {flow.Remote} is not reached in clear any more"));
            }

            return false;
        }

        if (state.ClearFlows.Contains(flow))
        {
            state.Effects.Add(new ClearFlowOpened(flow));
            return true;
        }

        if (_silent.TryGetValue(flow.Remote, out var silent) && now - silent < state.Settings.ClearMemory)
        {
            Open(now, flow, entry);
            return true;
        }

        return false;
    }

    /// <summary>A silent host is asked again now and then, so that it is noticed when it begins to speak IPsec.</summary>
    public bool IsToBeAskedAgain(TimeSpan now, InetAddress host) =>
        _silent.TryGetValue(host, out var silent) && now - silent >= state.Settings.ClearRetryInterval;

    /// <summary>A host began a flow in clear. True when its host must be asked first whether it speaks IKE; the flow waits.</summary>
    public bool Knocked(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        if (state.ClearFlows.Contains(flow))
        {
            // A repeated SYN, or a forged one: it ends nothing. Of a host that speaks IPsec by now it is not taken either.
            if (IsAllowed(entry, flow.Remote))
            {
                state.Effects.Add(new ClearFlowOpened(flow));
            }

            return false;
        }

        if (TryAdmit(now, flow, entry))
        {
            return false;
        }

        if (!IsAllowed(entry, flow.Remote))
        {
            Refuse(flow);
            Refused(now, flow, entry);
            return false;
        }

        if (!_knocks.TryGetValue(flow.Remote, out var waiting))
        {
            if (_knocks.Count >= state.Settings.ClearKnockMaximum)
            {
                Refuse(flow);
                return false;
            }

            _knocks.Add(flow.Remote, waiting = []);
        }

        if (waiting.Count < state.Settings.ClearKnockMaximum)
        {
            waiting[flow] = entry;
        }

        return true;
    }

    /// <summary>A brief negotiation got no answer of any kind.</summary>
    public void FoundSilent(TimeSpan now, InetAddress host)
    {
        if (_silent.Count >= SilentMaximum)
        {
            ForgetStale(_silent, now - state.Settings.ClearMemory);
        }

        if (_silent.Count < SilentMaximum && !state.IpsecHosts.Contains(host))
        {
            _silent[host] = now;
        }

        if (_knocks.Remove(host, out var waiting))
        {
            foreach (var (flow, entry) in waiting)
            {
                if (IsAllowed(entry, host) && state.Latches.Find(flow) is null && !state.ClearFlows.Contains(flow))
                {
                    Open(now, flow, entry);
                }
            }
        }
    }

    /// <summary>A LARVAL latch whose host answered nothing becomes a flow in clear, if it may.</summary>
    public bool TryOpen(TimeSpan now, Latch latch)
    {
        if (latch.State != LatchState.Larval || latch.Wishes.IsDemand || !IsAllowed(latch.Entry, latch.Flow.Remote))
        {
            return false;
        }

        state.Latches.Release(now, latch);
        state.Effects.Raise(EventKind.LatchReleased, now, latch, $"the latch of {latch.Flow} is released: {latch.Flow.Remote} speaks no IKE, and it goes in clear");
        Open(now, latch.Flow, latch.Entry);
        return true;
    }

    /// <summary>A host has spoken IPsec: from here on it is never reached in clear, except by what was let go before.</summary>
    public void Spoke(TimeSpan now, InetAddress host, string how)
    {
        _silent.Remove(host);
        if (_knocks.Remove(host, out var waiting))
        {
            foreach (var flow in waiting.Keys)
            {
                Refuse(flow);
            }
        }

        if (!state.IpsecHosts.Add(host, now))
        {
            return;
        }

        state.Effects.Add(new RecordIpsecHost(host));
        if (state.Policy.Protect.Any(e => e.ClearUntilIpsec && (e.Remote?.Contains(host) ?? true)))
        {
            var old = state.ClearFlows.With(host);
            state.Effects.Raise(new EngineEvent(
                EventKind.IpsecHostFound, now, $"{host} {how}: it is not reached in clear any more{(old > 0 ? $"; {old} flows that went in clear before stay so" : "")}")
            {
                PeerAddress = host,
            });
        }
    }

    /// <summary>IKE came from a host, proved or not: what its silence taught may be outdated, and the next flow asks first.</summary>
    public void Doubt(InetAddress host) => _silent.Remove(host);

    /// <summary>Says that a flow was not let go in clear because its host speaks IPsec.</summary>
    public void Refused(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        var host = flow.Remote;
        if (!entry.ClearUntilIpsec || IsAllowed(entry, host) || (_refusalTold.TryGetValue(host, out var told) && now - told < RefusalInterval))
        {
            return;
        }

        ForgetStale(_refusalTold, now - RefusalInterval);
        _refusalTold[host] = now;
        var (reason, why) = state switch
        {
            { ClearSuspended: { } suspended } => ("ClearSuspended", suspended),
            _ when state.IpsecHosts.Contains(host) => ("IpsecHost", $"{host} has spoken IPsec before; if that host is gone for good, 'latchkey forget {host}' says so"),
            _ when state.Pad.IsOwned(host) => ("KnownPeer", $"{host} belongs to a known peer, or a key is pinned to it"),
            _ => ("Full", "no more hosts can be remembered"),
        };
        state.Effects.Raise(Event(EventKind.ClearRefused, now, flow, $"{flow} does not go in clear: {why}") with { Reason = reason, Since = state.IpsecHosts.Since(host) });
    }

    /// <summary>A flow that went in clear already: under an earlier daemon or policy, or before anything protected it.</summary>
    public void Adopt(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        state.ClearFlows.Add(new ClearFlow(flow, entry, now));
        state.Effects.Add(new ClearFlowOpened(flow));
        state.Effects.Raise(Event(EventKind.FlowClear, now, flow, $"{flow} went in clear before, and stays so for life ([[protect]] \"{entry.Name}\")"));
    }

    /// <summary>Another policy is in force: what goes in clear stays so where it still may, and ends otherwise.</summary>
    public void Judge(TimeSpan now)
    {
        foreach (var flow in state.ClearFlows.All.ToList())
        {
            switch (state.Policy.Find(flow.Flow))
            {
                case { ClearUntilIpsec: true } entry:
                    state.ClearFlows.Remove(flow.Flow, out _);
                    state.ClearFlows.Add(flow with { Entry = entry });
                    break;
                case { } entry:
                    End(now, flow.Flow, $"the policy was changed, and [[protect]] \"{entry.Name}\" does not let it");
                    break;
                case null:
                    End(now, flow.Flow, "the policy was changed and bypasses it: it travels as if Latchkey were not there");
                    break;
            }
        }
    }

    /// <summary>Its socket is gone, or policy does not allow it any more.</summary>
    public void End(TimeSpan now, FlowKey flow, string because)
    {
        if (state.ClearFlows.Remove(flow, out _))
        {
            state.Effects.Add(new ForgetFlow(flow));
            state.Effects.Raise(Event(EventKind.ClearEnded, now, flow, $"{flow} is no flow in clear any more: {because}"));
        }
    }

    private static EngineEvent Event(EventKind kind, TimeSpan now, FlowKey flow, string text) => new(kind, now, text) { Flow = flow, PeerAddress = flow.Remote };

    private static void ForgetStale(Dictionary<InetAddress, TimeSpan> times, TimeSpan before)
    {
        foreach (var host in times.Where(t => t.Value <= before).Select(t => t.Key).ToList())
        {
            times.Remove(host);
        }
    }

    private void Open(TimeSpan now, FlowKey flow, ProtectEntry entry)
    {
        state.ClearFlows.Add(new ClearFlow(flow, entry, now));
        state.Effects.Add(new ClearFlowOpened(flow));
        state.Effects.Raise(Event(
            EventKind.FlowClear, now, flow, $"{flow} goes in clear, for life: {flow.Remote} never spoke IPsec and answers no IKE ([[protect]] \"{entry.Name}\" says clear = \"until-ipsec\")"));
    }

    private void Refuse(FlowKey flow)
    {
        state.Effects.Add(new BlockFlow(flow, DropReason.ClearRefused));
        state.Effects.Add(new ForgetFlow(flow));
    }
}
