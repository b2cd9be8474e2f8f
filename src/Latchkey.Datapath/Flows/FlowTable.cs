using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>Every flow the datapath has met, bounded. Only flows nobody decided on make room for others.</summary>
internal sealed class FlowTable
{
    private readonly int _capacity;

    private readonly FlowIndex _flows = new();

    // Undecided flows, oldest first. Decided ones are skipped when they come up.
    private readonly Queue<Flow> _undecided = [];

    public FlowTable(int capacity) => _capacity = capacity;

    public int Count => _flows.Count;

    public IEnumerable<Flow> All => _flows.All;

    public Flow? Find(FlowKey key) => _flows.Find(key);

    /// <summary>For the flows of as many packets at a time.</summary>
    public FlowLookups NewLookups(int capacity) => new(_flows, capacity);

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
}
