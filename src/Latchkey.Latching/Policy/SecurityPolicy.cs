using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// What the operator wrote: the SPD's PROTECT entries in order, and the PAD's known entries; and what was learnt: the pins.
/// Immutable.
/// </summary>
public sealed record SecurityPolicy(ImmutableArray<ProtectEntry> Protect, ImmutableArray<KnownPeer> Peers)
{
    public static SecurityPolicy Empty { get; } = new([], []);

    /// <summary>Addresses that belong to one key because it was there first, or because a person said so.</summary>
    public PinSet Pins { get; init; } = PinSet.Empty;

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

    /// <summary>A known entry of the PAD has this key or wants no proof from whoever is there, or a person pinned it to the address.</summary>
    public bool Knows(KeyFingerprint key, InetAddress address) =>
        Peers.Any(peer => peer.Key == key || (peer.ProvesNothing && peer.Owns(address))) || (Pins.At(address) is { Origin: PinOrigin.Person } pin && pin.Key == key);

    /// <summary>A peer with this key at this address may use an entry (RFC 5386 B8).</summary>
    public bool Admits(ProtectEntry entry, KeyFingerprint key, InetAddress address)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.BtnsOk || Knows(key, address);
    }
}
