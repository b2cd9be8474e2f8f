using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// Follows IKE SAs whose ends moved (RFC 4555), and says where they may move. The path stays what it was, and with it every
/// channel and every latch: only the way of the packets is another.
/// </summary>
internal sealed class Moves(EngineState state, LatchRecorder recorder)
{
    /// <summary>Why the ends of an IKE SA must not be these; null: they may. Closed by default: whoever may move has its places in the policy.</summary>
    public static string? ObjectionTo(EngineState state, Peering peering, AddressPair ends)
    {
        if (!peering.Pair.Moves)
        {
            return $"its tunnel is tied to {peering.Remote.Address}, the one outer_remote of its [[protect]]";
        }

        if (Entries(state, peering).FirstOrDefault(entry => !entry.MayBeBetween(ends)) is { } entry)
        {
            return $"[[protect]] \"{entry.Name}\" does not let its tunnel go between {ends.Local} and {ends.Remote}";
        }

        return state.Authorize(peering.Asserted!, peering.Key!.Fingerprint, peering.Pair, ends.Remote) is PadResult.Refused { Reason: var reason } ? reason : null;
    }

    public void Moved(TimeSpan now, IkeSaMoved e)
    {
        if (state.Find(e.Sa) is not { } peering)
        {
            return;
        }

        var before = (peering.Local, peering.Remote);
        (peering.Local, peering.Remote, peering.Nat) = (e.Local, e.Remote, e.Nat);
        peering.Heard(now);
        var place = state.PlaceOf(peering.Pair);
        state.Place(peering);
        var encapsulation = e.UdpEncapsulation ? Encapsulation.Udp : Encapsulation.Esp;
        foreach (var child in peering.Children.Values)
        {
            child.Encapsulation = encapsulation;
            if (child.WaitingOutbound is { } waiting)
            {
                child.WaitingOutbound = waiting with { Local = e.Local, Remote = e.Remote, Encapsulation = encapsulation };
            }
            else
            {
                state.Effects.Add(new MoveSa(new ChannelId(child.Channel.Id), child.OutboundSpi, e.Local, e.Remote, encapsulation));
            }
        }

        if (place != state.PlaceOf(peering.Pair))
        {
            // Addresses are written down, and no ports.
            recorder.Moved(now, peering.Pair);
        }

        if (before != (e.Local, e.Remote))
        {
            Tell(now, peering, new AddressMove(before.Local, before.Remote, e.Local, e.Remote));
        }
    }

    public void Refused(TimeSpan now, MoveRefused e)
    {
        if (state.Find(e.Sa) is { } peering)
        {
            var who = e.Asked ? "our" : "its";
            state.Effects.RaiseRefusal(
                EventKind.MoveRefused, now, peering, $"{who} move to {(e.Asked ? e.Local.Address : e.Remote.Address)} is refused{(e.Asked ? " by the peer" : "")}: {e.Text}", "UnacceptableAddresses",
                e.Asked ? null : Explain(peering, e).Lines);
        }
    }

    private static IEnumerable<ProtectEntry> Entries(EngineState state, Peering peering) => state.EntriesBetween(peering.Pair);

    private Refusal Explain(Peering peering, MoveRefused e)
    {
        var entry = Entries(state, peering).FirstOrDefault();
        ImmutableArray<string> allowed = [peering.Pair.Remote.ToString(), .. entry?.OtherRemote.Select(prefix => prefix.ToString()) ?? []];
        return new Refusal(
            [new Difference("outer address", [e.Remote.Address.ToString()], allowed)],
            entry is null || entry.MayBeBetween(new AddressPair(e.Local.Address, e.Remote.Address)) ? []
                : [$"here, in [[protect]] \"{entry.Name}\": outer_remote = [{string.Join(", ", allowed.Append(e.Remote.Address.ToString()).Select(a => $"\"{a}\""))}]"]);
    }

    /// <summary>Once for each channel; what carries nothing yet is told of once.</summary>
    private void Tell(TimeSpan now, Peering peering, AddressMove move)
    {
        // Only the end that began the IKE SA moves it; when that takes it to the other family both addresses are others.
        var reason = peering.Initiated && move.FromLocal != move.ToLocal ? "LocalAddressChanged" : "PeerMoved";
        foreach (var channel in peering.Children.Values.Select(child => (uint?)child.Channel.Id).Distinct().DefaultIfEmpty())
        {
            state.Effects.Raise(new EngineEvent(
                EventKind.ChannelMoved, now,
                $"the tunnel with {peering.Key} goes between {move.ToLocal.Address} and {move.ToRemote.Address} now, no longer between {move.FromLocal.Address} and {move.FromRemote.Address}; its latches stay")
            {
                Reason = reason,
                PeerKey = peering.Key!.Fingerprint.ToString(),
                PeerName = peering.PeerName,
                PeerAddress = move.ToRemote.Address,
                Channel = channel,
                IkeSa = peering.Handle.ToString(),
                Moved = move,
            });
        }
    }
}
