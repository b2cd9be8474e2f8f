using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>The latch journal in a host's runtime folder: it outlives a daemon, and not the host. Its disk can be full.</summary>
public sealed class SimulatedJournal : ILatchJournal
{
    private readonly Dictionary<FlowKey, LatchRecord> _records = [];

    /// <summary>Nothing can be written.</summary>
    public bool IsFull { get; set; }

    /// <summary>Records that were added one by one.</summary>
    public int Appended { get; private set; }

    public string? Failure => IsFull ? "no space left on device" : null;

    /// <summary>What the next daemon finds: the last record of every flow that has a latch.</summary>
    public IReadOnlyCollection<LatchRecord> Records => [.. _records.Values.Where(record => !record.IsReleased)];

    public bool TryAppend(LatchRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (!IsFull)
        {
            _records[record.Flow] = record;
            Appended++;
        }

        return !IsFull;
    }

    public bool TryRewrite(IEnumerable<LatchRecord> records)
    {
        if (!IsFull)
        {
            _records.Clear();
            foreach (var record in records)
            {
                _records.Add(record.Flow, record);
            }
        }

        return !IsFull;
    }

    public void Empty() => _records.Clear();
}
