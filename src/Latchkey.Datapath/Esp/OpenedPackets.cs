using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// What was decrypted and is not delivered yet, in rows: packets of one flow that came one after the other in one train are looked up, and judged by
/// their latch, together.
/// </summary>
internal sealed class OpenedPackets
{
    /// <summary>Few enough for all of them to stay in a first-level cache until they are delivered.</summary>
    private const int Capacity = 16;

    private readonly Row[] _rows = new Row[Capacity];
    private readonly FlowLookup[] _flows = new FlowLookup[Capacity];
    private readonly Place[] _places = new Place[Capacity];
    private int _count;
    private bool _takesMore;

    public bool IsFull => _count == Capacity;

    public int RowCount { get; private set; }

    /// <summary>Finds the flows of all rows.</summary>
    public void FindFlows(FlowTable flows) => flows.FindAll(_flows.AsSpan(0, RowCount));

    public ref readonly Row this[int row] => ref _rows[row];

    /// <summary>The flow of a row, when there is one.</summary>
    public Flow? FlowOf(int row) => _flows[row].Flow;

    /// <summary>Where the packets of a row lie.</summary>
    public ReadOnlySpan<Place> PlacesOf(int row) => _places.AsSpan(_rows[row].First, _rows[row].Count);

    /// <summary>Begins a row. There must be room.</summary>
    /// <param name="position">Where the payload of the IP packet lies in the slab.</param>
    public void Begin(InboundSa sa, in IpPacket packet, byte[] slab, int position)
    {
        _flows[RowCount].Key = packet.InboundFlow;
        _rows[RowCount++] = new Row { Sa = sa, Packet = packet, Slab = slab, First = _count, Count = 1 };
        _places[_count++] = new(position, packet.Length);

        // A tunnel's inner packets have headers of their own, and what lies behind options is to be looked for in each.
        _takesMore = !sa.Sa.Tunnel && packet.UpperOffset == packet.ProtectedOffset;
    }

    /// <summary>What comes now has other ends, or lies elsewhere.</summary>
    public void EndRow() => _takesMore = false;

    /// <summary>Adds a packet of transport mode to the row if it has the same flow. There must be room.</summary>
    /// <param name="text">The payload of its IP packet.</param>
    /// <param name="position">Where that lies in the slab.</param>
    public bool TryContinue(InboundSa sa, IpProtocol protocol, ReadOnlySpan<byte> text, int position)
    {
        if (!_takesMore)
        {
            return false;
        }

        ref var row = ref _rows[RowCount - 1];
        ref readonly var first = ref row.Packet;
        if (!ReferenceEquals(row.Sa, sa) || protocol != first.Protocol
            || !IpPacket.TryReadPorts(protocol, text, out var source, out var destination)
            || source != first.SourcePort || destination != first.DestinationPort)
        {
            return false;
        }

        _places[_count++] = new(position, first.ProtectedOffset + text.Length);
        row.Count++;
        return true;
    }

    public void Clear() => (_count, RowCount, _takesMore) = (0, 0, false);

    /// <summary>Packets of one flow under one SA.</summary>
    internal struct Row
    {
        public InboundSa Sa;

        /// <summary>The first one; the others differ from it in length.</summary>
        public IpPacket Packet;

        public byte[] Slab;

        public int First;
        public int Count;
    }

    /// <param name="Position">Where the payload of the IP packet lies in the slab.</param>
    /// <param name="Length">Octets of the IP packet.</param>
    internal readonly record struct Place(int Position, int Length);
}
