using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// A latched flow whose local address the host has lost is at an end: nothing of it can be sent or received any more, and
/// the peer cannot be told from an address that is gone. The local application can, and is. So it is with the outer address
/// of a tunnel, although the flow's own address is still there; unless the tunnel may go on from another.
/// </summary>
internal sealed class LostAddresses(EngineState state, LatchBreaker breaker, Roaming roaming)
{
    /// <summary>Missing addresses that may still come back, and when they count as lost.</summary>
    private readonly Dictionary<InetAddress, TimeSpan> _missing = [];

    private ImmutableHashSet<InetAddress> _lost = [];

    public TimeSpan? NextDeadline => _missing.Count > 0 ? _missing.Values.Min() : null;

    /// <summary>The host's addresses are these now. What latches used before and is not among them is missing.</summary>
    public void Changed(TimeSpan now, ImmutableArray<InetPrefix> present)
    {
        var before = state.LocalAddresses;
        state.LocalAddresses = present;
        roaming.Prefer(now);
        foreach (var back in _missing.Keys.Where(state.HasAddress).ToList())
        {
            _missing.Remove(back);
        }

        // The first list comes after the latches of an earlier daemon: it has known them all.
        foreach (var address in Used().Where(a => !state.HasAddress(a) && before?.Any(p => p.Contains(a)) != false))
        {
            _missing.TryAdd(address, now + state.Settings.LostAddressGrace);
        }

        Deliver(_lost.Except(_lost.Where(state.HasAddress)));
    }

    public void HandleDeadline(TimeSpan now)
    {
        foreach (var address in _missing.Where(m => m.Value <= now).Select(m => m.Key).ToList())
        {
            _missing.Remove(address);
            Lose(now, address);
        }
    }

    /// <summary>Nobody is left to be told at an address.</summary>
    public void ForgetUnused()
    {
        if (!_lost.IsEmpty)
        {
            Deliver(_lost.Intersect(Used()));
        }
    }

    private void Lose(TimeSpan now, InetAddress address)
    {
        var because = $"this host has lost its address {address}";
        bool Speaks(Latch latch) => latch.Flow.Local == address && !latch.IsForwarded;
        var latches = state.Latches.All.Where(l => Speaks(l) || state.PlaceOf(l.Path).Local == address).ToList();
        if (latches.Exists(Speaks))
        {
            Deliver(_lost.Add(address));
        }

        breaker.Break(now, [.. latches.Where(l => l.Conducts)], BreakReason.LocalAddressLost, because);
        breaker.Close(now, [.. latches.Where(l => l.State == LatchState.Larval).Select(l => (l, because))], ClosedReason.NegotiationFailed, DropReason.NegotiationFailed);
        foreach (var peering in state.Peerings.Values.Where(p => state.PlaceOf(p.Pair).Local == address).ToList())
        {
            state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.LocalAddressLost, because, tellPeer: false);
        }
    }

    private void Deliver(ImmutableHashSet<InetAddress> lost)
    {
        if (!lost.SetEquals(_lost))
        {
            _lost = lost;
            state.Effects.Add(new DeliverToLostAddresses([.. lost]));
        }
    }

    /// <summary>Addresses of this host that a latch uses, or an IKE SA.</summary>
    private IEnumerable<InetAddress> Used() =>
        state.Latches.All.Where(l => l.State != LatchState.Closed).SelectMany(l => (InetAddress[])(l.IsForwarded ? [state.PlaceOf(l.Path).Local] : [l.Flow.Local, state.PlaceOf(l.Path).Local]))
            .Concat(state.Peerings.Values.Select(p => state.PlaceOf(p.Pair).Local)).Distinct();
}
