using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>What the operator wrote: the SPD's PROTECT entries in order, and the PAD's known entries. Immutable.</summary>
public sealed record SecurityPolicy(ImmutableArray<ProtectEntry> Protect, ImmutableArray<KnownPeer> Peers)
{
    public static SecurityPolicy Empty { get; } = new([], []);

    /// <summary>The first entry that covers a flow, or null: bypass.</summary>
    public ProtectEntry? Find(FlowKey flow)
    {
        foreach (var entry in Protect)
        {
            if (entry.Covers(flow))
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>The first entry under which a listening socket may accept a connection, or null.</summary>
    public ProtectEntry? Find(ListenerKey key) => Protect.FirstOrDefault(entry => entry.MayAccept(key));

    /// <summary>A peer of the PAD's known entries has this key.</summary>
    public bool Knows(KeyFingerprint key) => Peers.Any(peer => peer.Key == key);

    /// <summary>A peer with this key may use an entry (RFC 5386 B8).</summary>
    public bool Admits(ProtectEntry entry, KeyFingerprint key)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.BtnsOk || Knows(key);
    }
}
