using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>A set of flows that is looked up by key, a whole batch of packets at a time.</summary>
/// <remarks>
/// With many flows nearly every look-up waits for memory: once for the slot, once for the flow that it names. A batch asks
/// for all slots first, then for all flows, and only then compares, so that the waits fall together
/// (docs/decisions/fast-datapath.md). A set of the runtime does not say where its slots lie.
/// Open addressing with linear probing; a removal closes the gap, so that no slot is lost.
/// </remarks>
internal sealed class FlowIndex
{
    private const int SmallestSize = 16;

    /// <summary>From here on a batch is worth three walks.</summary>
    private const int FewestTogether = 4;

    private Slot[] _slots = new Slot[SmallestSize];
    private int _mask = SmallestSize - 1;

    // What was read ahead of its use ends here, so that it has one.
    private int _readAhead;

    public int Count { get; private set; }

    public IEnumerable<Flow> All => _slots.Select(slot => slot.Flow).OfType<Flow>();

    public Flow? Find(in FlowKey key) => Find(key, key.GetHashCode());

    /// <summary>Finds the flow of each key; packets that follow each other in one flow are looked up once.</summary>
    public void FindAll(Span<FlowLookup> lookups)
    {
        if (lookups.IsEmpty)
        {
            return;
        }

        lookups[0].Hash = lookups[0].Key.GetHashCode();
        for (var i = 1; i < lookups.Length; i++)
        {
            ref var lookup = ref lookups[i];
            lookup.IsSame = lookup.Key == lookups[i - 1].Key;
            lookup.Hash = lookup.IsSame ? lookups[i - 1].Hash : lookup.Key.GetHashCode();
        }

        if (lookups.Length >= FewestTogether)
        {
            ReadAhead(lookups);
        }

        lookups[0].Flow = Find(lookups[0].Key, lookups[0].Hash);
        for (var i = 1; i < lookups.Length; i++)
        {
            ref var lookup = ref lookups[i];
            lookup.Flow = lookup.IsSame ? lookups[i - 1].Flow : Find(lookup.Key, lookup.Hash);
        }
    }

    /// <summary>Adds a flow whose key is not in the set.</summary>
    public void Add(Flow flow)
    {
        // Three quarters full at most: probes stay short.
        if (Count + 1 > _slots.Length / 4 * 3)
        {
            Grow();
        }

        Place(flow, flow.Key.GetHashCode());
        Count++;
    }

    public bool Remove(Flow flow)
    {
        var gap = flow.Key.GetHashCode() & _mask;
        while (!ReferenceEquals(_slots[gap].Flow, flow))
        {
            if (_slots[gap].Flow is null)
            {
                return false;
            }

            gap = (gap + 1) & _mask;
        }

        // Whatever probed over the gap moves into it.
        for (var at = (gap + 1) & _mask; _slots[at].Flow is not null; at = (at + 1) & _mask)
        {
            var home = _slots[at].Hash & _mask;
            if (((at - home) & _mask) >= ((at - gap) & _mask))
            {
                _slots[gap] = _slots[at];
                gap = at;
            }
        }

        _slots[gap] = default;
        Count--;
        return true;
    }

    private Flow? Find(in FlowKey key, int hash)
    {
        for (var at = hash & _mask; _slots[at].Flow is { } flow; at = (at + 1) & _mask)
        {
            if (_slots[at].Hash == hash && flow.Key == key)
            {
                return flow;
            }
        }

        return null;
    }

    /// <summary>
    /// Reads a word of every slot, and then of every flow. Each walk is so short that the processor has many of its loads
    /// under way at once.
    /// </summary>
    private void ReadAhead(ReadOnlySpan<FlowLookup> lookups)
    {
        var (slots, mask, read) = (_slots, _mask, 0);
        foreach (ref readonly var lookup in lookups)
        {
            read += slots[lookup.Hash & mask].Hash;
        }

        foreach (ref readonly var lookup in lookups)
        {
            if (slots[lookup.Hash & mask].Flow is { } flow)
            {
                read += flow.ReadAhead();
            }
        }

        _readAhead = read;
    }

    private void Grow()
    {
        var slots = _slots;
        _slots = new Slot[2 * slots.Length];
        _mask = _slots.Length - 1;
        foreach (ref readonly var slot in slots.AsSpan())
        {
            if (slot.Flow is { } flow)
            {
                Place(flow, slot.Hash);
            }
        }
    }

    private void Place(Flow flow, int hash)
    {
        var at = hash & _mask;
        while (_slots[at].Flow is not null)
        {
            at = (at + 1) & _mask;
        }

        _slots[at] = new Slot { Flow = flow, Hash = hash };
    }

    private struct Slot
    {
        public Flow? Flow;
        public int Hash;
    }
}

/// <summary>A packet's flow, when there is one that has its key.</summary>
internal struct FlowLookup
{
    public FlowKey Key;
    public Flow? Flow;

    /// <summary>Of the key; the index's own.</summary>
    internal int Hash;

    /// <summary>The packet before has the same key; the index's own.</summary>
    internal bool IsSame;
}
