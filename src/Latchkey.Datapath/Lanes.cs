namespace Latchkey.Datapath;

/// <summary>
/// Who may touch the state of the datapath. Packets go out in one lane and come in in the other, a batch at a time and at
/// the same time; whoever changes what both rely on takes both lanes, and then no packet is on its way.
/// </summary>
/// <remarks>
/// A lane is never held during a wait. A change does not wait behind more than the batches that are in hand: while one
/// wants in, workers queue behind it, however busy they are.
/// </remarks>
internal sealed class Lanes
{
    private readonly Lock _change = new();
    private readonly Lock _outbound = new();
    private readonly Lock _inbound = new();
    private int _changes;

    public Lock.Scope Outbound() => Enter(_outbound);

    public Lock.Scope Inbound() => Enter(_inbound);

    public BothScope Both()
    {
        Interlocked.Increment(ref _changes);
        return new(this);
    }

    private Lock.Scope Enter(Lock lane)
    {
        if (Volatile.Read(ref _changes) != 0)
        {
            _change.Enter();
            _change.Exit();
        }

        return lane.EnterScope();
    }

    /// <summary>Both lanes, until disposed of.</summary>
    public readonly ref struct BothScope
    {
        private readonly Lanes _lanes;

        public BothScope(Lanes lanes)
        {
            _lanes = lanes;
            lanes._change.Enter();
            lanes._outbound.Enter();
            lanes._inbound.Enter();
        }

        public void Dispose()
        {
            _lanes._inbound.Exit();
            _lanes._outbound.Exit();
            Interlocked.Decrement(ref _lanes._changes);
            _lanes._change.Exit();
        }
    }
}
