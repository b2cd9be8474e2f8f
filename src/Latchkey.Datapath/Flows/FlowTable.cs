using System.Diagnostics.CodeAnalysis;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Every flow the datapath has met, bounded. Only flows nobody decided on make room for others.</summary>
internal sealed class FlowTable
{
    private readonly int _capacity;

    // A set that is also looked up by key: a dictionary would keep every key twice, and there may be a million flows.
    private readonly HashSet<Flow> _flows = new(ByKey.Comparer);
    private readonly HashSet<Flow>.AlternateLookup<FlowKey> _byKey;

    // Undecided flows, oldest first. Decided ones are skipped when they come up.
    private readonly Queue<Flow> _undecided = [];

    public FlowTable(int capacity)
    {
        _capacity = capacity;
        _byKey = _flows.GetAlternateLookup<FlowKey>();
    }

    public int Count => _flows.Count;

    public IEnumerable<Flow> All => _flows;

    public Flow? Find(FlowKey key) => _byKey.TryGetValue(key, out var flow) ? flow : null;

    /// <summary>Adds a flow that packets raised.</summary>
    /// <param name="evicted">An undecided flow that had to go, or null.</param>
    /// <returns>Null when the table is full of flows that are decided on.</returns>
    public Flow? TryAdd(FlowKey key, out Flow? evicted)
    {
        evicted = null;
        if (_flows.Count >= _capacity)
        {
            evicted = OldestUndecided();
            if (evicted is null)
            {
                return null;
            }

            _flows.Remove(evicted);
        }

        return Add(key);
    }

    /// <summary>Finds or adds a flow that the engine decides on; it bounds those itself.</summary>
    public Flow GetOrAdd(FlowKey key) => Find(key) ?? Add(key);

    public void Remove(Flow flow) => _flows.Remove(flow);

    private Flow Add(FlowKey key)
    {
        var flow = new Flow(key);
        _flows.Add(flow);
        _undecided.Enqueue(flow);
        if (_undecided.Count > 2 * _capacity)
        {
            DropDecided();
        }

        return flow;
    }

    private Flow? OldestUndecided()
    {
        while (_undecided.TryDequeue(out var flow))
        {
            if (IsUndecided(flow))
            {
                return flow;
            }
        }

        return null;
    }

    private void DropDecided()
    {
        for (var left = _undecided.Count; left > 0; left--)
        {
            var flow = _undecided.Dequeue();
            if (IsUndecided(flow))
            {
                _undecided.Enqueue(flow);
            }
        }
    }

    private bool IsUndecided(Flow flow) => flow.State == FlowState.Unknown && ReferenceEquals(Find(flow.Key), flow);

    private sealed class ByKey : IEqualityComparer<Flow>, IAlternateEqualityComparer<FlowKey, Flow>
    {
        public static ByKey Comparer { get; } = new();

        public bool Equals(Flow? x, Flow? y) => x?.Key == y?.Key;

        public int GetHashCode([DisallowNull] Flow obj) => obj.Key.GetHashCode();

        public bool Equals(FlowKey alternate, Flow other) => alternate == other.Key;

        public int GetHashCode(FlowKey alternate) => alternate.GetHashCode();

        public Flow Create(FlowKey alternate) => new(alternate);
    }
}
