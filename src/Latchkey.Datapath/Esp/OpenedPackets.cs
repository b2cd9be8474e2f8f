using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// What was decrypted and is not delivered yet, in rows: packets of one flow that came one after the other in one train are looked up, and judged by
/// their latch, together. What follows in the same train has the same ends, so that only its ports are read.
/// </summary>
internal sealed class OpenedPackets(FlowTable flows)
{
    /// <summary>Few enough for all of them to stay in a first-level cache until they are delivered.</summary>
    private const int Capacity = 16;

    private readonly Row[] _rows = new Row[Capacity];
    private readonly FlowLookups _flows = flows.NewLookups(Capacity);
    private readonly Place[] _places = new Place[Capacity];
    private int _count;
    private bool _takesMore;

    public bool IsFull => _count == Capacity;

    public int RowCount { get; private set; }

    /// <summary>Finds the flows of all rows.</summary>
    public void FindFlows() => _flows.Find();

    public ref readonly Row this[int row] => ref _rows[row];

    /// <summary>The flow of a row, when there is one.</summary>
    public Flow? FlowOf(int row) => _flows[row];

    /// <summary>Where the packets of a row lie.</summary>
    public ReadOnlySpan<Place> PlacesOf(int row) => _places.AsSpan(_rows[row].First, _rows[row].Count);

    /// <summary>Begins a row. There must be room.</summary>
    /// <param name="position">Where the payload of the IP packet lies in the slab.</param>
    public void Begin(InboundSa sa, in IpPacket packet, byte[] slab, int position)
    {
        ref var row = ref _rows[RowCount++];
        (row.Sa, row.Slab, row.First, row.Count) = (sa, slab, _count, 1);
        row.Packet = packet;
        _places[_count++] = new(position, packet.Length);
        _flows.Add(packet.InboundFlow);

        // A tunnel's inner packets have headers of their own, and what lies behind options is to be looked for in each.
        _takesMore = !sa.Sa.Tunnel && packet.UpperOffset == packet.ProtectedOffset;
    }

    /// <summary>What comes now has other ends, or lies elsewhere.</summary>
    public void EndRow() => _takesMore = false;

    /// <summary>Adds a packet of transport mode that is between the same ends as the one before. There must be room.</summary>
    /// <param name="text">The payload of its IP packet.</param>
    /// <param name="position">Where that lies in the slab.</param>
    /// <returns>False, and nothing is added, when more than that is to be known of it.</returns>
    public bool TryContinue(InboundSa sa, IpProtocol protocol, ReadOnlySpan<byte> text, int position)
    {
        if (!_takesMore)
        {
            return false;
        }

        ref var row = ref _rows[RowCount - 1];
        ref readonly var first = ref row.Packet;
        if (!ReferenceEquals(row.Sa, sa) || protocol != first.Protocol || !IpPacket.TryReadPorts(protocol, text, out var source, out var destination))
        {
            return false;
        }

        if (source == first.SourcePort && destination == first.DestinationPort)
        {
            row.Count++;
        }
        else
        {
            ref var next = ref _rows[RowCount];
            (next.Sa, next.Slab, next.First, next.Count) = (sa, row.Slab, _count, 1);
            first.CopyTo(out next.Packet, source, destination);
            _flows.Add(_flows.KeyOf(RowCount - 1).WithPorts(destination, source));
            RowCount++;
        }

        _places[_count++] = new(position, first.ProtectedOffset + text.Length);
        return true;
    }

    public void Clear()
    {
        (_count, RowCount, _takesMore) = (0, 0, false);
        _flows.Clear();
    }

    /// <summary>Packets of one flow under one SA.</summary>
    internal struct Row
    {
        public InboundSa Sa;

        /// <summary>What they are; how long each is says its <see cref="Place"/>.</summary>
        public IpPacket Packet;

        public byte[] Slab;

        public int First;
        public int Count;
    }

    /// <param name="Position">Where the payload of the IP packet lies in the slab.</param>
    /// <param name="Length">Octets of the IP packet.</param>
    internal readonly record struct Place(int Position, int Length);
}
