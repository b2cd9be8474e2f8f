using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Configuration;

/// <summary>Contradictions between sections that are each right by themselves.</summary>
internal static class PolicyChecks
{
    public static void RefuseContradictions(IReadOnlyList<PlacedEntry> protect, IReadOnlyList<PlacedPeer> peers, FindingList findings)
    {
        RefuseOverlaps(protect, findings);
        RefuseDividedTunnels(protect, findings);
        RefuseSharedNames(protect.Select(p => (p.Entry.Name, p.Place)), "[[protect]]", findings);
        RefuseSharedNames(peers.Select(p => (p.Peer.Name, p.Place)), "[[peer]]", findings);
        RefuseSharedOwnership(peers, findings);
    }

    /// <summary>True when some flow is covered by both.</summary>
    internal static bool Overlap(ProtectEntry a, ProtectEntry b) =>
        (a.Protocol is null || b.Protocol is null || a.Protocol == b.Protocol)
        && (OverlapInFamily(a, b, v4: true) || OverlapInFamily(a, b, v4: false))
        && a.Ports.Any(x => b.Ports.Any(y => Overlap(x.Local, y.Local) && Overlap(x.Remote, y.Remote)));

    private static void RefuseOverlaps(IReadOnlyList<PlacedEntry> protect, FindingList findings)
    {
        for (var later = 1; later < protect.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (Overlap(protect[earlier].Entry, protect[later].Entry))
                {
                    findings.Error(
                        protect[later].Place,
                        $"[[protect]] \"{protect[later].Entry.Name}\" overlaps \"{protect[earlier].Entry.Name}\" on line {protect[earlier].Place.Line + 1}: some flows match both",
                        "narrow the addresses, protocol or ports of one of them");
                }
            }
        }
    }

    /// <summary>Entries whose tunnels begin between the same addresses share the IKE SAs that move: these go where all of them may go.</summary>
    private static void RefuseDividedTunnels(IReadOnlyList<PlacedEntry> protect, FindingList findings)
    {
        foreach (var group in protect.Where(p => p.Entry.Tunnel is { Moves: true }).GroupBy(p => p.Entry.Tunnel))
        {
            var first = group.First();
            foreach (var other in group.Where(p => !p.Entry.OtherLocal.SequenceEqual(first.Entry.OtherLocal) || !p.Entry.OtherRemote.SequenceEqual(first.Entry.OtherRemote)))
            {
                findings.Error(
                    other.Place, $"[[protect]] \"{other.Entry.Name}\" and \"{first.Entry.Name}\" on line {first.Place.Line + 1} have tunnels that begin between the same addresses and may move to different ones",
                    "write the same outer_local and outer_remote in both");
            }
        }
    }

    private static void RefuseSharedNames(IEnumerable<(string Name, Tomlyn.Syntax.TextPosition Place)> named, string title, FindingList findings)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, place) in named)
        {
            if (!seen.TryAdd(name, place.Line + 1))
            {
                findings.Error(place, $"two {title} are named \"{name}\"; the first is on line {seen[name]}", "give this one another name");
            }
        }
    }

    /// <summary>An address has one owner, and a key one name: otherwise nobody could say who is meant.</summary>
    private static void RefuseSharedOwnership(IReadOnlyList<PlacedPeer> peers, FindingList findings)
    {
        for (var later = 1; later < peers.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (a, b) = (peers[earlier], peers[later]);
                if (a.Peer.Key == b.Peer.Key)
                {
                    findings.Error(b.Place, $"peers \"{a.Peer.Name}\" (line {a.Place.Line + 1}) and \"{b.Peer.Name}\" have the same key", "put their addresses into one [[peer]]");
                }
                else if (a.Peer.Addresses.SelectMany(x => b.Peer.Addresses.Where(x.Overlaps)).Cast<InetPrefix?>().FirstOrDefault() is { } shared)
                {
                    findings.Error(
                        b.Place, $"peers \"{a.Peer.Name}\" (line {a.Place.Line + 1}) and \"{b.Peer.Name}\" both own {shared}; only one key may speak for an address", "take the address from one of them");
                }
            }
        }
    }

    private static bool OverlapInFamily(ProtectEntry a, ProtectEntry b, bool v4) =>
        Overlap(a.Local, b.Local, v4) && Overlap(a.Remote, b.Remote, v4);

    /// <summary>Null is every address of the family.</summary>
    private static bool Overlap(InetPrefix? a, InetPrefix? b, bool v4) =>
        (a is not { } x || x.Address.IsV4 == v4) && (b is not { } y || y.Address.IsV4 == v4)
        && (a is null || b is null || a.Value.Overlaps(b.Value));

    private static bool Overlap(PortRange a, PortRange b) => a.Start <= b.End && b.Start <= a.End;
}
