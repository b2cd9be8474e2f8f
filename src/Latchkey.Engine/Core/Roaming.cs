using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Takes the tunnels of this host along when its own outer address goes away, or a better one comes (RFC 4555 §3.5). The peer
/// is asked under the IKE SA that stands; where that cannot move it is called anew from the new address, and being the same
/// peer on the same path it goes on in the same channel.
/// </summary>
internal sealed class Roaming(EngineState state, Resumption resumption, LatchBreaker breaker)
{
    /// <summary>
    /// This host's addresses changed: a tunnel goes from the best of those that its entry names, and its peer is told of the others.
    /// Nothing is waited for: if the old one is back in a moment, it returns there.
    /// </summary>
    public void Prefer(TimeSpan now)
    {
        foreach (var path in Paths())
        {
            if (Better(path) is { } better && (!state.HasAddress(state.PlaceOf(path).Local) || MayGo(path, better)))
            {
                Move(now, path, better);
            }
        }

        foreach (var peering in state.Peerings.Values.Where(p => p.Established && p.Pair.Moves))
        {
            state.Ike.TellAddresses(now, peering.Handle);
        }
    }

    /// <summary>An IKE SA of a path stands, or is gone: a better address that came while it was in the making need wait no longer.</summary>
    public void Settled(TimeSpan now, AddressPair path)
    {
        if (path.Moves && state.LocalAddresses is not null && Better(path) is { } better && MayGo(path, better))
        {
            Move(now, path, better);
        }
    }

    /// <summary>The best address of ours from which a path may go; null: it goes from there.</summary>
    private InetAddress? Better(AddressPair path)
    {
        var current = state.PlaceOf(path).Local;
        var best = state.LocalEnds(path).Append(current).First(local => local == current || state.RemoteFor(path, local) is not null);
        return best == current ? null : best;
    }

    /// <summary>Without need a tunnel goes elsewhere only with all its IKE SAs, and if there is one.</summary>
    private bool MayGo(AddressPair path, InetAddress local) =>
        state.Between(path) is { Count: > 0 } peerings && peerings.All(peering => IsMobile(peering) && !peering.RefusedLocal.Contains(local));

    /// <summary>Paths that move, of IKE SAs and latches that are there.</summary>
    private List<AddressPair> Paths() =>
        [.. state.Peerings.Values.Select(p => p.Pair).Concat(state.Latches.All.Where(l => l.State != LatchState.Closed).Select(l => l.Path)).Where(path => path.Moves).Distinct()];

    /// <summary>The peer does not let us move there: elsewhere, or back where we were, if that can be. Else the tunnel is at its end.</summary>
    public void Refused(TimeSpan now, MoveRefused e)
    {
        if (!e.Asked || state.Find(e.Sa) is not { } peering)
        {
            return;
        }

        var old = peering.Ends;
        if (e.Local.Address == old.Local && e.Remote.Address != old.Remote)
        {
            state.Ike.Move(now, e.Sa, old.Local, old.Remote);
            return;
        }

        peering.RefusedLocal.Add(e.Local.Address);
        foreach (var local in state.LocalEnds(peering.Pair).Where(local => !peering.RefusedLocal.Contains(local)))
        {
            if ((local.IsV4 == old.Remote.IsV4 ? old.Remote : state.RemoteFor(peering.Pair, local)) is { } remote)
            {
                state.Place(peering.Pair, new AddressPair(local, remote));
                state.Ike.Move(now, e.Sa, local, remote);
                return;
            }
        }

        var because = $"this host has lost its address {old.Local}, and the peer does not let the tunnel go on from {e.Local.Address}: {e.Text}";
        breaker.Break(
            now, [.. state.Latches.Between(peering.Pair).Where(l => l.Conducts && l.Channel!.Parameters.PeerKey == peering.Key!.Fingerprint)], BreakReason.LocalAddressLost, because);
        state.Ike.DeleteIkeSa(now, e.Sa, CloseReason.LocalAddressLost, because, tellPeer: true);
    }

    /// <summary>
    /// A probe went unanswered: the way may be dead and the peer be reached at another of its addresses (RFC 4555 §3.4). Whoever is
    /// there must prove that it is the peer.
    /// </summary>
    /// <returns>False when it answered at none of them.</returns>
    public bool TryElsewhere(TimeSpan now, Peering peering)
    {
        if (!peering.Pair.Moves || !IsMobile(peering) || state.Ike.Find(peering.Handle) is not { } sa)
        {
            return false;
        }

        peering.Tried.Add(sa.Remote.Address);
        foreach (var address in state.RemoteEnds(peering.Pair).Where(address => !peering.Tried.Contains(address)))
        {
            if (LocalFor(peering, address) is { } local && Moves.ObjectionTo(state, peering, new AddressPair(local, address)) is null)
            {
                state.Ike.Move(now, peering.Handle, local, address);
                state.Ike.Probe(now, peering.Handle);
                return true;
            }
        }

        if (sa.Remote.Address != peering.Remote.Address)
        {
            state.Ike.Move(now, peering.Handle, peering.Ends.Local, peering.Ends.Remote);
        }

        return false;
    }

    /// <summary>From where an address of the peer is reached: from where we are, or else from the best of our addresses of that family.</summary>
    private InetAddress? LocalFor(Peering peering, InetAddress remote) => state.LocalEnds(peering.Pair).Where(own => !peering.RefusedLocal.Contains(own))
        .Prepend(peering.Ends.Local).Where(own => own.IsV4 == remote.IsV4).Select(own => (InetAddress?)own).FirstOrDefault();

    private void Move(TimeSpan now, AddressPair path, InetAddress local)
    {
        var ends = new AddressPair(local, state.RemoteFor(path, local) ?? state.PlaceOf(path).Remote);
        state.Place(path, ends);
        foreach (var peering in state.Between(path).ToList())
        {
            if (IsMobile(peering))
            {
                state.Ike.Move(now, peering.Handle, ends.Local, ends.Remote);
            }
            else
            {
                state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.LocalAddressLost, $"this host goes on from {local}", tellPeer: false);
            }
        }

        resumption.Begin(now, state.Latches.Between(path).Where(l => l.Conducts));
    }

    private bool IsMobile(Peering peering) => peering.Established && state.Ike.Find(peering.Handle) is { IsMobile: true, Initiated: true };
}
