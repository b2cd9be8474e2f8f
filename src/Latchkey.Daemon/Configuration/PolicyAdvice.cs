using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Configuration;

/// <summary>Warns of policies that work, and probably not as their author thinks.</summary>
internal static class PolicyAdvice
{
    private const ushort Ssh = 22;
    private const ushort Bgp = 179;

    public static void Give(IReadOnlyList<PlacedEntry> protect, IReadOnlyList<PlacedPeer> peers, FindingList findings)
    {
        if (protect.Count == 0)
        {
            findings.WarningInFile("there is no [[protect]] entry, so nothing is protected", "add one; docs/configuration.md has examples");
        }

        foreach (var (entry, place) in protect)
        {
            if (entry.Protocol is null)
            {
                findings.Warning(place, $"\"{entry.Name}\" protects every protocol, also ping, DNS and ssh, and hosts there that do not run Latchkey become unreachable", "name the protocol if less is meant");
            }
            else if (entry.Protocol == IpProtocol.Tcp && entry.Remote is null or { Length: 0 } && CoversSsh(entry))
            {
                findings.Warning(place, $"\"{entry.Name}\" also protects ssh with every host: you cannot log in from one that does not run Latchkey", "name the ports or the remote addresses that are meant");
            }
            else if (entry.Protocol == IpProtocol.Tcp && CoversSsh(entry))
            {
                findings.Warning(place, $"\"{entry.Name}\" also protects ssh with {entry.Remote}: hosts there that do not run Latchkey cannot log in", "name the ports that are meant, if ssh is not");
            }

            if (entry.OnPolicyChange == PolicyChangeReaction.Keep)
            {
                findings.Warning(
                    place,
                    $"connections of \"{entry.Name}\" keep the protection and the peer they have when a later policy forbids them, until they end or are closed (RFC 5660 §6.2)",
                    "nothing need be done if that is meant; 'latchkey latches' shows which they are, and 'latchkey close' ends one");
            }

            if (entry.Encryption.Where(Algorithms.OldCiphers.Contains).Select(cipher => cipher.Keyword).ToList() is [_, ..] old)
            {
                findings.Warning(
                    place, $"\"{entry.Name}\" may be protected by {string.Join(", ", old)}, for old peers: slower, and not made in one step", "take it out when no peer needs it any more");
            }

            AdviseOnPeers(entry, place, peers, findings);
        }

        foreach (var (peer, place, _) in peers)
        {
            if (peer.ProvesNothing)
            {
                findings.Warning(place, $"whoever is at an address of \"{peer.Name}\" is let in without a proof, and nothing with it is latched", "give it a key when it can prove one");
            }

            if (!protect.Any(p => Concerns(p.Entry, peer)))
            {
                findings.Warning(place, $"no [[protect]] entry covers an address of \"{peer.Name}\", so nothing with it is protected", "add an entry whose 'remote' covers it");
            }
        }
    }

    private static void AdviseOnPeers(ProtectEntry entry, Tomlyn.Syntax.TextPosition place, IReadOnlyList<PlacedPeer> peers, FindingList findings)
    {
        if (entry.Trust == TrustLevel.Anyone && NamesBgp(entry) && !IsOwned(entry, peers))
        {
            findings.Warning(
                place,
                $"\"{entry.Name}\" protects BGP and trusts anyone at addresses of no known peer: whoever takes a router's address there, with any key, breaks its session",
                "write trust = \"first-use\"; or list each router as a [[peer]] with its key and addresses, and write trust = \"known\"");
        }

        if (entry is { Trust: TrustLevel.Anyone, OtherRemote.IsEmpty: false })
        {
            findings.Warning(
                place,
                $"\"{entry.Name}\" trusts anyone at any of the addresses that its tunnel's other end may have: whoever is there, with any key, may have the tunnel when its peer is silent",
                "write trust = \"first-use\"; or list the peer as a [[peer]] with its key and these addresses, and write trust = \"known\"");
        }

        var concerned = peers.Where(p => Concerns(entry, p.Peer)).Select(p => p.Peer.Name).ToList();
        if (entry.Trust == TrustLevel.Known && concerned.Count == 0)
        {
            findings.Warning(place, $"\"{entry.Name}\" trusts only known peers, and no [[peer]] has an address there: nobody can connect", "add a [[peer]], or write trust = \"anyone\"");
        }
        else if (entry.Trust == TrustLevel.Anyone && concerned.Count > 0)
        {
            findings.Warning(
                place,
                $"\"{entry.Name}\" trusts anyone, yet covers addresses of known peers ({string.Join(", ", concerned)}): at those addresses only the known key is accepted (RFC 5386 §3)",
                "nothing need be done if that is meant");
        }
    }

    private static bool Concerns(ProtectEntry entry, KnownPeer peer) => Peers(entry) is not { } peers || peer.Addresses.Any(peers.Overlaps);

    /// <summary>Where an entry's peers are; null is anywhere.</summary>
    private static InetPrefix? Peers(ProtectEntry entry) => entry.Tunnel is { } tunnel ? InetPrefix.Of(tunnel.Remote) : entry.Remote;

    /// <summary>Every address of the entry belongs to some known peer.</summary>
    private static bool IsOwned(ProtectEntry entry, IReadOnlyList<PlacedPeer> peers) =>
        Peers(entry) is { } where && peers.SelectMany(p => p.Peer.Addresses).Any(owned => owned.Contains(where.Start) && owned.Contains(where.End));

    private static bool NamesBgp(ProtectEntry entry) =>
        entry.Ports.Any(pair => (!pair.Local.IsAny && pair.Local.Contains(Bgp)) || (!pair.Remote.IsAny && pair.Remote.Contains(Bgp)));

    private static bool CoversSsh(ProtectEntry entry) =>
        entry.Ports.Any(pair => (pair.Local.Contains(Ssh) && pair.Remote.IsAny) || (pair.Remote.Contains(Ssh) && pair.Local.IsAny));
}
