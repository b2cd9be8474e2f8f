using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>The flows of a batch of packets, looked up together.</summary>
/// <remarks>
/// With many flows nearly every look-up waits for memory: for the slot, and then for the flow that it names. So both are fetched
/// ahead of their use: a slot when the key is added, a flow some packets later, while others are read and decrypted (docs/decisions/fast-datapath.md).
/// </remarks>
internal sealed class FlowLookups(FlowIndex index, int capacity)
{
    /// <summary>So many packets after its slot a flow is fetched: reading as many headers takes as long as memory does.</summary>
    private const int Distance = 4;

    private readonly Lookup[] _lookups = new Lookup[capacity];

    public int Count { get; private set; }

    /// <summary>The flow of a packet, when there is one; once <see cref="Find"/> was called.</summary>
    public Flow? this[int packet] => _lookups[packet].Flow;

    /// <summary>The key of a packet.</summary>
    public ref readonly FlowKey KeyOf(int packet) => ref _lookups[packet].Key;

    /// <summary>Adds the next packet's key. There must be room.</summary>
    public void Add(FlowKey key)
    {
        ref var lookup = ref _lookups[Count];
        lookup.Key = key;
        lookup.IsSame = Count > 0 && key == _lookups[Count - 1].Key;
        if (!lookup.IsSame)
        {
            lookup.Hash = key.GetHashCode();
            index.FetchSlot(lookup.Hash);
        }

        Count++;
        if (Count > Distance)
        {
            FetchFlow(Count - 1 - Distance);
        }
    }

    /// <summary>Finds the flow of each key; packets that follow each other in one flow are looked up once.</summary>
    public void Find()
    {
        for (var i = Math.Max(0, Count - Distance); i < Count; i++)
        {
            FetchFlow(i);
        }

        for (var i = 0; i < Count; i++)
        {
            ref var lookup = ref _lookups[i];
            lookup.Flow = lookup.IsSame ? _lookups[i - 1].Flow : index.Find(lookup.Key, lookup.Hash);
        }
    }

    public void Clear() => Count = 0;

    private void FetchFlow(int packet)
    {
        ref readonly var lookup = ref _lookups[packet];
        if (!lookup.IsSame)
        {
            index.FetchFlow(lookup.Hash);
        }
    }

    private struct Lookup
    {
        public FlowKey Key;
        public Flow? Flow;
        public int Hash;

        /// <summary>The packet before has the same key.</summary>
        public bool IsSame;
    }
}
