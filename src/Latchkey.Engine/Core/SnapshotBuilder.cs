using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Turns the engine's tables into what people and programs are shown.</summary>
internal sealed class SnapshotBuilder(EngineState state)
{
    public IReadOnlyList<LatchSnapshot> Latches() =>
    [
        .. state.Latches.Listeners.Select(Listener).Concat(state.Latches.All.Select(Connection)).OrderBy(l => l.Id.Value),
    ];

    public IReadOnlyList<ClearFlowSnapshot> ClearFlows() =>
        [.. state.ClearFlows.All.OrderBy(f => f.Since).Select(f => new ClearFlowSnapshot(f.Flow, f.Entry.Name, f.Since))];

    public IReadOnlyList<PeerSnapshot> Peers() =>
    [
        .. state.Peerings.Values.Where(p => p.Established).GroupBy(p => p.Key!.Fingerprint).Select(group => new PeerSnapshot(
            group.Key.ToString(),
            group.Select(p => p.PeerName).FirstOrDefault(n => n is not null),
            Trust(group),
            group.First().Key!.Algorithm,
            [.. group.Select(p => p.Remote.Address).Distinct().Order()],
            group.Count(),
            group.Sum(p => p.Children.Count),
            group.Select(p => p.Pair).Distinct().Sum(pair => state.Latches.Between(pair).Count(l => l.Channel?.Parameters.PeerKey == group.Key)),
            group.Max(p => p.LastHeard))
        {
            ProofUntil = group.Min(p => state.Ike.Find(p.Handle)?.ProofUntil),
        }),
    ];

    public IReadOnlyList<IkeSaSnapshot> Sas() =>
    [
        .. state.Peerings.Values.OrderBy(p => p.Handle.Value).Select(p => new IkeSaSnapshot(
            p.Handle.ToString(),
            !p.Established ? "connecting" : p.SilentAt is null ? "established" : "silent",
            p.Initiated,
            p.Local,
            p.Remote,
            Name(p.Nat),
            p.PrivateAddress,
            p.Key?.Fingerprint.ToString(),
            p.Suite?.ToString(),
            $"{p.SpiI:x16}",
            $"{p.SpiR:x16}",
            p.Since,
            [.. p.Children.Values.OrderBy(c => c.Handle.Value).Select(Child)])
        {
            ProofUntil = state.Ike.Find(p.Handle)?.ProofUntil,
            OwnProofUntil = state.Ike.Find(p.Handle)?.OwnProofUntil,
        }),
    ];

    public IReadOnlyList<TunnelSnapshot> Tunnels() =>
    [
        .. state.Policy.Protect.Where(entry => entry.Tunnel is not null).Select(entry =>
        {
            var (path, ends) = (entry.Tunnel!.Value, state.PlaceOf(entry.Tunnel.Value));
            var sa = state.Between(path).Where(p => p.Established).MaxBy(p => p.Since) is { } peering ? state.Ike.Find(peering.Handle) : null;
            return new TunnelSnapshot(
                entry.Name,
                ends,
                [.. entry.OtherLocal.Prepend(path.Local).Where(address => address != ends.Local)],
                [.. entry.OtherRemote.Prepend(InetPrefix.Of(path.Remote)).Where(prefix => prefix != InetPrefix.Of(ends.Remote))],
                sa?.IsMobile)
            {
                ProofUntil = sa?.ProofUntil,
            };
        }),
    ];

    public IReadOnlyList<LiveKey> KeysAt(InetAddress address)
    {
        var peers = state.Peerings.Values.Where(p => p.Established && (p.Pair.Remote == address || p.Remote.Address == address)).Select(p => p.Key!).ToList();
        var latched = state.Latches.All.Where(l => l.Conducts && l.Path.Remote == address).Select(l => l.Channel!.Parameters.PeerKey).ToList();
        return
        [
            .. peers.Select(key => key.Fingerprint).Concat(latched).Distinct()
                .Select(key => new LiveKey(key, peers.FirstOrDefault(p => p.Fingerprint == key), latched.Count(l => l == key))),
        ];
    }

    /// <summary>How the peer with this key was let in; with several addresses the strongest counts.</summary>
    public string Trust(IEnumerable<Peering> peerings)
    {
        if (peerings.FirstOrDefault(p => p.Match is PadResult.Known) is { } known)
        {
            return known.Key!.ProvesNothing ? "null" : "known";
        }

        var pins = peerings.Select(p => state.Pad.PinAt(p.Pair.Remote)).OfType<Pin>().ToList();
        return pins.Any(p => p.Origin == PinOrigin.Person) ? "pinned" : pins.Count > 0 ? "first-use" : "anyone";
    }

    public LatchSnapshot? Inquire(ListenerKey key) => state.Latches.FindListener(key) is { } listener ? Listener(listener) : null;

    public ConnectionSnapshot? Inquire(FlowKey flow)
    {
        if (state.Latches.Find(flow) is not { } latch)
        {
            return null;
        }

        var own = state.Covering(latch).Where(c => c.Channel == latch.Channel).ToList();
        var narrow = own.FirstOrDefault(c => c.Selectors.SingleFlow == flow);
        return new ConnectionSnapshot(Connection(latch), latch.Authentication, latch.Channel?.Parameters, narrow is not null, Outer(narrow ?? own.FirstOrDefault()));
    }

    private OuterSnapshot? Outer(ChildSa? child) => child is not null && state.Find(child.Sa) is { } peering
        ? new OuterSnapshot(peering.Local, peering.Remote, child.Encapsulation.ToString().ToLowerInvariant(), Name(peering.Nat), peering.PrivateAddress)
        : null;

    private static ChildSaSnapshot Child(ChildSa child) => new(
        child.Handle.ToString(), child.Channel.Id, child.InboundSpi, child.OutboundSpi, child.Suite.ToString(), child.Selectors.ToString(),
        child.Encapsulation.ToString().ToLowerInvariant(), child.Since);

    private static string? Name(NatSides nat) => (nat.Here, nat.There) switch
    {
        (true, true) => "both",
        (true, false) => "here",
        (false, true) => "there",
        _ => null,
    };

    private static string Name(Disposition disposition) => disposition.ToString().ToLowerInvariant();

    private LatchSnapshot Connection(Latch latch)
    {
        var parameters = latch.Channel?.Parameters;
        return new LatchSnapshot(
            latch.Id,
            latch.State,
            latch.Flow,
            latch.Entry.Name,
            latch.IsToNobody ? null : parameters?.PeerKey.ToString(),
            latch.IsToNobody ? latch.Authentication!.PeerName : state.Policy.Peers.FirstOrDefault(p => p.Key == parameters?.PeerKey)?.Name,
            parameters?.LocalKey.ToString(),
            latch.Channel?.Id,
            parameters?.Quality.ToString(),
            parameters?.Mode.ToString().ToLowerInvariant(),
            Name(latch.Disposition),
            latch.BrokenBy?.ToString() ?? latch.ClosedBy?.ToString(),
            latch.Since)
        {
            KeepsItsPolicy = latch.IsKept,
            IsToNobody = latch.IsToNobody,
            IsForwarded = latch.IsForwarded,
        };
    }

    private LatchSnapshot Listener(ListenerLatch listener)
    {
        var key = listener.Key;
        var unspecified = key.Local.IsV4 ? InetAddress.AnyV4 : InetAddress.AnyV6;
        return new LatchSnapshot(
            listener.Id, LatchState.Listener, new FlowKey(key.Protocol, key.Local, key.LocalPort, unspecified, 0), listener.Entry.Name,
            null, null, state.Identity.Public.Fingerprint.ToString(), null, null, null, Name(listener.Disposition), null, listener.Since);
    }
}
