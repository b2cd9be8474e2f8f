using Latchkey.Wire;

namespace Latchkey.Contract;

/// <summary>
/// Packets that travel together: fixed slots in one pinned slab, made once and used for ever. A reader fills slots from
/// the front; a stage that drops a packet sets its <see cref="PacketSlot.Length"/> to 0.
/// </summary>
/// <remarks>
/// On outer links one slot may carry a train: packets of one size laid end to end, of which only the last may be shorter
/// (<see cref="PacketSlot.SegmentSize"/>). Each slot keeps <see cref="Headroom"/> before and <see cref="Tailroom"/> after a full packet, so that ESP
/// headers and trailers are added in place.
/// </remarks>
public sealed class PacketBatch
{
    public const int Headroom = 128;
    public const int Tailroom = 128;

    private readonly byte[] _slab;
    private readonly PacketSlot[] _slots;

    /// <param name="capacity">Slots.</param>
    /// <param name="packetSize">Octets of the largest packet a slot takes.</param>
    public PacketBatch(int capacity, int packetSize)
    {
        PacketSize = packetSize;
        SlotSize = Headroom + packetSize + Tailroom;
        _slab = GC.AllocateUninitializedArray<byte>(capacity * SlotSize, pinned: true);
        _slots = new PacketSlot[capacity];
        Count = capacity;
        Clear();
    }

    public int Capacity => _slots.Length;

    public int PacketSize { get; }

    public int SlotSize { get; }

    /// <summary>Slots in use, from the front.</summary>
    public int Count { get; set; }

    /// <summary>The whole slab, for I/O vectors; slot <c>i</c> begins at <c>i * SlotSize</c>.</summary>
    public byte[] Slab => _slab;

    public ref PacketSlot this[int index] => ref _slots[index];

    /// <summary>The first octet of packet <paramref name="index"/> within <see cref="Slab"/>.</summary>
    public int Position(int index) => (index * SlotSize) + _slots[index].Offset;

    /// <summary>The octets of packet <paramref name="index"/>.</summary>
    public Span<byte> Data(int index) =>
        _slab.AsSpan(Position(index), _slots[index].Length);

    /// <summary>The octets of packet <paramref name="index"/>, and the room behind them.</summary>
    public Span<byte> DataAndRoom(int index) => _slab.AsSpan(Position(index), SlotSize - _slots[index].Offset);

    /// <summary>The whole slot of packet <paramref name="index"/>, headroom and tailroom included.</summary>
    public Span<byte> Room(int index) => _slab.AsSpan(index * SlotSize, SlotSize);

    /// <summary>Empties the batch and puts the offsets of the slots that were in use back behind the headroom.</summary>
    public void Clear()
    {
        for (var i = 0; i < Count; i++)
        {
            _slots[i] = new PacketSlot { Offset = Headroom };
        }

        Count = 0;
    }
}

/// <summary>Where one packet of a <see cref="PacketBatch"/> lies, and where it came from or goes to.</summary>
public record struct PacketSlot
{
    /// <summary>First octet, counted from the beginning of the slot.</summary>
    public int Offset { get; set; }

    /// <summary>Octets; 0 for a packet that is no more.</summary>
    public int Length { get; set; }

    /// <summary>Outer links: our end. Devices leave it alone.</summary>
    public InetEndpoint Local { get; set; }

    /// <summary>Outer links: the other end. Devices leave it alone.</summary>
    public InetEndpoint Remote { get; set; }

    /// <summary>Outer links: octets of each packet of a train; 0, or no less than <see cref="Length"/>, for one packet.</summary>
    public int SegmentSize { get; set; }

    /// <summary>Packets in the slot.</summary>
    public readonly int Packets => SegmentSize <= 0 || Length <= SegmentSize ? 1 : (Length + SegmentSize - 1) / SegmentSize;

    /// <summary>Outer links: the type of service or traffic class of the outer header. Devices leave it alone.</summary>
    public byte TrafficClass { get; set; }

    /// <summary>Devices: work on a received packet that its sender left undone. Outer links leave it alone.</summary>
    public PacketOffload Offload { get; set; }

    /// <summary>Outer links: a packet too big for the path is sent in fragments instead of being reported as too big.
    /// Devices leave it alone.</summary>
    public bool MayFragment { get; set; }

    /// <summary>The <see cref="SendResult"/> of a slot of which the kernel refused a packet.</summary>
    public const int KernelRefused = -1;

    /// <summary>The <see cref="SendResult"/> of a slot that found the kernel's buffer full.</summary>
    public const int NoRoom = -2;

    /// <summary>
    /// After a send: 0 when all of the slot was sent; the path MTU in octets when a packet was too big for it; else
    /// <see cref="KernelRefused"/> or <see cref="NoRoom"/>.
    /// </summary>
    public int SendResult { get; set; }

    /// <summary>After a send: the path MTU in octets, when a packet was too big for it and went in fragments; told now and then only.</summary>
    public int NarrowPath { get; set; }

    /// <summary>After a send: how many packets of the slot were not sent.</summary>
    public int Refused { get; set; }
}
