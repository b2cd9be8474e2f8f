using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <content>What the host knows: its sockets, and what was before this daemon.</content>
public sealed partial class LatchEngine
{
    /// <summary>The sockets of these flows no longer exist: their latches are released (L34).</summary>
    public void HandleSocketsGone(TimeSpan now, IReadOnlyCollection<FlowKey> flows)
    {
        ArgumentNullException.ThrowIfNull(flows);
        foreach (var flow in flows)
        {
            if (_state.Latches.Find(flow) is { } latch)
            {
                _breaker.Release(now, latch, "its socket is gone");
            }
            else
            {
                _clear.End(now, flow, "its socket is gone");
            }
        }

        _lost.ForgetUnused();
        Settle(now);
    }

    /// <summary>
    /// What this host holds for its own now. To be told after <see cref="RestoreLatches"/> and whenever it changed: flows that
    /// are latched to an address which stays away end (<see cref="BreakReason.LocalAddressLost"/>).
    /// </summary>
    public void HandleLocalAddresses(TimeSpan now, ImmutableArray<InetPrefix> present)
    {
        _lost.Changed(now, present);
        Settle(now);
    }

    /// <summary>The sockets that listen now: those a protect entry covers have a LISTENER latch (RFC 5660 §2.3, L35).</summary>
    public void HandleListeners(TimeSpan now, IReadOnlyCollection<ListenerKey> listeners)
    {
        ArgumentNullException.ThrowIfNull(listeners);
        foreach (var gone in _state.Latches.Listeners.Select(l => l.Key).Where(key => !listeners.Contains(key)).ToList())
        {
            _state.Latches.ReleaseListener(gone);
        }

        foreach (var key in listeners)
        {
            if (_state.Policy.Find(key) is { } entry)
            {
                _state.Latches.TryCreateListener(now, key, entry, out _);
            }
        }
    }

    /// <summary>Hosts that spoke IPsec in earlier lives of this daemon; times before this one are negative. For the start.</summary>
    public void RememberIpsecHosts(IEnumerable<(InetAddress Host, TimeSpan Since)> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        foreach (var (host, since) in hosts)
        {
            _state.IpsecHosts.Add(host, since);
        }
    }

    /// <summary>A person says that the host which spoke IPsec at an address is gone for good.</summary>
    /// <returns>False when none is known there.</returns>
    public bool ForgetIpsecHost(InetAddress host) => _state.IpsecHosts.Forget(host);

    /// <summary>No further flow goes in clear, because what must be remembered cannot be: fail closed. Null ends that.</summary>
    public void SuspendClear(string? why) => _state.ClearSuspended = why;

    /// <summary>
    /// Flows that are known to have gone in clear until this daemon started, and whose sockets live: they stay so for life.
    /// For the start, before <see cref="CloseOrphans"/>, which then leaves them alone.
    /// </summary>
    /// <param name="byUs">Under an earlier daemon. Otherwise nothing protected the host until now, and what shows that a
    /// flow was protected once is that its host spoke IPsec.</param>
    public void AdoptClearFlows(TimeSpan now, IEnumerable<FlowKey> flows, bool byUs)
    {
        ArgumentNullException.ThrowIfNull(flows);
        foreach (var flow in flows.Where(f => _state.Latches.Find(f) is null && !_state.ClearFlows.Contains(f)))
        {
            if (_state.Policy.Find(flow) is { ClearUntilIpsec: true } entry && (byUs || _clear.IsAllowed(entry, flow.Remote)))
            {
                _clear.Adopt(now, flow, entry);
            }
        }
    }

    /// <summary>
    /// Goes on with the latches of an earlier daemon on this host, as they stood (L14), and calls their peers. To be asked
    /// before anything else, with the records whose sockets still exist.
    /// </summary>
    public void RestoreLatches(TimeSpan now, IReadOnlyCollection<LatchRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        _restoration.Restore(now, records);
        Settle(now);
    }

    /// <summary>
    /// Connections that lived before this daemon did and whose latches were not restored. Whom they were latched to is not
    /// known any more, so they end with a reset instead of being bound to whoever answers (L14).
    /// </summary>
    /// <param name="held">Flows of an earlier run that no protect entry covered any more, and that must not leave in clear.</param>
    /// <returns>Whether there were any and no latch was restored: then all that peers hold latched with us is lost, and a new life begins.</returns>
    public bool CloseOrphans(TimeSpan now, IReadOnlyCollection<FlowKey> flows, IReadOnlySet<FlowKey> held)
    {
        var lost = false;
        ArgumentNullException.ThrowIfNull(flows);
        ArgumentNullException.ThrowIfNull(held);
        foreach (var flow in flows.Where(flow => _state.Latches.Find(flow) is null && !_state.ClearFlows.Contains(flow)))
        {
            var covering = _state.Policy.Find(flow);
            if (covering is null && held.Contains(flow))
            {
                _state.OutsidePolicy.Add(flow);
            }

            if ((covering ?? (held.Contains(flow) ? ProtectEntry.Gone(flow) : null)) is { } entry)
            {
                var latch = _state.Latches.CreateLarval(now, flow, entry);
                _breaker.Close(now, latch, ClosedReason.DaemonLost, DropReason.LatchClosed, "it began before this daemon, which does not know whom it was latched to");
                lost = true;
            }
        }

        return lost && !_state.Latches.All.Any(latch => latch.Channel is not null);
    }

    /// <summary>Flows of this host that have a latch or go in clear, for the check whether their sockets still exist.</summary>
    public IReadOnlyCollection<FlowKey> LatchedFlows() => [.. _state.Latches.All.Where(latch => !latch.IsForwarded).Select(latch => latch.Flow), .. _state.ClearFlows.Flows];

    /// <summary>
    /// Flows with a latch that no protect entry covers since the policy was changed. Nothing of them may travel outside the
    /// datapath until they are released, whatever the host does with others.
    /// </summary>
    public IReadOnlyCollection<FlowKey> FlowsOutsidePolicy() => _state.OutsidePolicy;
}
