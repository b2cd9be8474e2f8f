using System.Collections.Immutable;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>Decides what a peer's Child SA may cover: SPD and PAD together (RFC 4301 §4.4.3.4, RFC 5386 B8 and B11).</summary>
public sealed class ChildAuthorization(SecurityPolicy policy)
{
    private readonly PeerAuthorizationDatabase _pad = new(policy);

    /// <summary>
    /// The largest part of an offer that the first suitable protect entry allows, on exactly this path: in transport mode a
    /// peer speaks for its own address only.
    /// </summary>
    /// <param name="kept">Entries that latches keep on the path: they stand at the head of the SPD (RFC 5660 L30).</param>
    public ChildAuthorizationResult Narrow(PadResult peer, AddressPair path, SelectorSet offered, IEnumerable<ProtectEntry>? kept = null)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(offered);
        var remote = path.Remote;
        if (!_pad.MaySpeakFor(peer, remote, out var why))
        {
            return new ChildAuthorizationResult.Refused($"the peer may not speak for {remote}: {why}");
        }

        ProtectEntry? closed = null;
        foreach (var entry in (kept ?? []).Concat(policy.Protect))
        {
            // "port on either side" is two pairs that both touch an offer for one of them; the smaller part is of no use.
            var common = entry.SelectorsOn(path).Select(offered.Intersect).MaxBy(Breadth);
            if (common is null || common.IsEmpty)
            {
                continue;
            }

            if (peer is PadResult.Btns && !entry.BtnsOk && _pad.PinAt(remote) is not { Origin: PinOrigin.Person })
            {
                closed ??= entry;
                continue;
            }

            return new ChildAuthorizationResult.Allowed(entry, common);
        }

        return new ChildAuthorizationResult.Refused(closed is not null
            ? $"[[protect]] \"{closed.Name}\" has trust = \"known\", and the peer's key is in no [[peer]] and not pinned by a person"
            : $"no [[protect]] entry covers any of {offered}; the entries between {path.Local} and {remote} cover {Configured(path)}")
        {
            Closed = closed,
        };
    }

    /// <summary>How many pairs of ports a set covers between two addresses; 0 only for the empty set.</summary>
    private static long Breadth(SelectorSet selectors) => Ports(selectors.Local) * Ports(selectors.Remote);

    private static long Ports(ImmutableArray<TrafficSelector> selectors) => selectors.Sum(s => s.EndPort - s.StartPort + 1L);

    private string Configured(AddressPair path)
    {
        var all = policy.Protect.SelectMany(entry => entry.SelectorsOn(path)).Select(s => s.ToString()).ToList();
        return all.Count == 0 ? "nothing" : string.Join("; ", all);
    }
}

public abstract record ChildAuthorizationResult
{
    private ChildAuthorizationResult()
    {
    }

    public sealed record Allowed(ProtectEntry Entry, SelectorSet Selectors) : ChildAuthorizationResult;

    public sealed record Refused(string Reason) : ChildAuthorizationResult
    {
        /// <summary>The entry that covers what is asked for and does not trust the peer; null: none covers it.</summary>
        public ProtectEntry? Closed { get; init; }
    }
}
