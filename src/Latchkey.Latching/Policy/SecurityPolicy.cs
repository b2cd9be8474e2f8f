using System.Collections.Immutable;
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
}
