using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>A set of flows that is looked up by key, and says where a flow lies before it is looked for (<see cref="FlowLookups"/>).</summary>
/// <remarks>
/// A set of the runtime does not tell that.
/// Open addressing with linear probing; a removal closes the gap, so that no slot is lost.
/// </remarks>
internal sealed class FlowIndex
{
    private const int SmallestSize = 16;

    private Slot[] _slots = new Slot[SmallestSize];
    private int _mask = SmallestSize - 1;

    public int Count { get; private set; }

    public IEnumerable<Flow> All => _slots.Select(slot => slot.Flow).OfType<Flow>();

    public Flow? Find(in FlowKey key) => Find(key, key.GetHashCode());

    /// <param name="hash">The key's.</param>
    public Flow? Find(in FlowKey key, int hash)
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

    /// <summary>Fetches the first slot in which a key may be.</summary>
    public void FetchSlot(int hash) => Prefetch.Line(in _slots[hash & _mask].Hash);

    /// <summary>Fetches the first flow whose key has that hash, most likely the one looked for.</summary>
    public void FetchFlow(int hash)
    {
        for (var at = hash & _mask; _slots[at].Flow is { } flow; at = (at + 1) & _mask)
        {
            if (_slots[at].Hash == hash)
            {
                flow.Fetch();
                return;
            }
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
