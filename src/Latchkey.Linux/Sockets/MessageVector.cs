using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>
/// The native structures of recvmmsg(2) and sendmmsg(2) for many messages, made once: headers, I/O vectors, names and
/// packet information, wired together. They point into the batch's pinned slab: no packet is copied. A message is a
/// datagram, or a train of datagrams where the kernel takes and gives those.
/// </summary>
internal sealed unsafe class MessageVector : IDisposable
{
    /// <summary>Messages of one call.</summary>
    public const int Capacity = 128;

    private readonly bool _isV6;
    private readonly Entry* _entries;
    private readonly Origin[] _origins = new Origin[Capacity];

    // For whose slots messages are prepared, and how many of them the kernel has filled since.
    private PacketBatch? _receiving;
    private int _used;

    public MessageVector(bool v6)
    {
        _isV6 = v6;
        Messages = (MultiMessageHeader*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(MultiMessageHeader));
        _entries = (Entry*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(Entry));
        for (var i = 0; i < Capacity; i++)
        {
            ref var header = ref Messages[i].Header;
            header.Name = &_entries[i].Name;
            header.Vectors = &_entries[i].Vector;
            header.VectorCount = 1;
            header.Control = _entries[i].Control;
        }
    }

    public MultiMessageHeader* Messages { get; private set; }

    /// <summary>Messages that <see cref="TryAdd"/> filled.</summary>
    public int Count { get; private set; }

    /// <summary>What a prepared message consists of.</summary>
    public ref readonly Origin OriginOf(int message) => ref _origins[message];

    /// <summary>Prepares messages for the slots of an empty batch. What the kernel left alone the last time is not prepared again: most often nothing comes.</summary>
    /// <returns>How many messages.</returns>
    public int PrepareReceive(PacketBatch batch)
    {
        var count = Math.Min(batch.Capacity, Capacity);
        var slab = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(batch.Slab));
        for (var i = 0; i < (batch == _receiving ? _used : count); i++)
        {
            Aim(i, slab + batch.Position(i), batch.PacketSize);
            Messages[i].Header.NameLength = SocketAddress.Size;
            Messages[i].Header.ControlLength = ControlSize;
        }

        (_receiving, _used) = (batch, 0);
        return count;
    }

    /// <summary>Fills the slots of the batch from its first messages; what was cut off or came without its addresses gets length 0.</summary>
    public void TakeReceived(PacketBatch batch, int count)
    {
        (batch.Count, _used) = (count, count);
        for (var i = 0; i < count; i++)
        {
            TakeReceived(ref batch[i], i);
        }
    }

    private void TakeReceived(ref PacketSlot slot, int message)
    {
        ref var header = ref Messages[message].Header;
        slot.Length = (header.Flags & Socket.MessageTruncated) == 0 ? (int)Messages[message].Length : 0;
        slot.Remote = _entries[message].Name.ToEndpoint();
        if (ReadControl(ref header, out var segmentSize, out var trafficClass) is { } local)
        {
            slot.Local = new InetEndpoint(local, 0);
            (slot.SegmentSize, slot.TrafficClass) = (segmentSize, trafficClass);
        }
        else
        {
            slot.Length = 0;
        }
    }

    /// <summary>Begins a new call to sendmmsg.</summary>
    public void BeginSend() => Count = 0;

    /// <summary>Adds one message: <paramref name="length"/> octets of a slot, a train of datagrams when that is more than one.</summary>
    /// <param name="from">The first octet, counted from the slot's data.</param>
    /// <returns>False when there is no room left.</returns>
    public bool TryAdd(PacketBatch batch, int slotIndex, int from, int length)
    {
        if (Count == Capacity)
        {
            return false;
        }

        ref var slot = ref batch[slotIndex];
        var slab = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(batch.Slab));
        Aim(Count, slab + batch.Position(slotIndex) + from, length);
        _entries[Count].Name = SocketAddress.From(slot.Remote);
        Messages[Count].Header.NameLength = _entries[Count].Name.Length;
        var control = WriteLocal(_entries[Count].Control, slot.Local.Address);
        if (slot.SegmentSize > 0 && length > slot.SegmentSize)
        {
            control += WriteSegmentSize(_entries[Count].Control + control, slot.SegmentSize);
        }

        if (slot.TrafficClass != 0)
        {
            control += WriteTrafficClass(_entries[Count].Control + control, slot.TrafficClass);
        }

        Messages[Count].Header.ControlLength = control;
        _origins[Count++] = new Origin(slotIndex, from, length);
        return true;
    }

    public void Dispose()
    {
        NativeMemory.Free(Messages);
        NativeMemory.Free(_entries);
        Messages = null;
    }

    /// <summary>Room for the longer of both kinds of packet information, for a segment size and for a traffic class.</summary>
    private static nuint ControlSize => Entry.ControlSize;

    private void Aim(int message, byte* data, int length)
    {
        _entries[message].Vector = new IoVector { Base = data, Length = (nuint)length };
        Messages[message].Header.Flags = 0;
    }

    /// <returns>The local address; null when it is not among the control messages.</returns>
    /// <param name="segmentSize">Octets of each datagram of a train; 0 for a single one.</param>
    private InetAddress? ReadControl(ref MessageHeader header, out int segmentSize, out byte trafficClass)
    {
        (segmentSize, trafficClass) = (0, 0);
        InetAddress? local = null;
        var left = (long)header.ControlLength;
        var at = header.Control;
        while (left >= sizeof(ControlHeader) && ((ControlHeader*)at)->Length is var length && length >= (nuint)sizeof(ControlHeader) && (long)length <= left)
        {
            var control = (ControlHeader*)at;
            var data = at + sizeof(ControlHeader);
            var size = (int)length - sizeof(ControlHeader);
            switch (control->Level, control->Type)
            {
                case (Inet.LevelIp, Inet.IpPacketInfo) when !_isV6 && size >= sizeof(InetPacketInfo):
                    local = InetAddress.FromBytes(new ReadOnlySpan<byte>(((InetPacketInfo*)data)->Local, 4));
                    break;
                case (Inet.LevelIpv6, Inet.Ipv6PacketInfo) when _isV6 && size >= sizeof(Inet6PacketInfo):
                    local = InetAddress.FromBytes(new ReadOnlySpan<byte>(((Inet6PacketInfo*)data)->Local, 16));
                    break;
                case (Socket.LevelUdp, Socket.UdpReceiveCoalesced) when size >= sizeof(int):
                    segmentSize = *(int*)data;
                    break;
                case (Inet.LevelIp, Inet.IpTypeOfService) when !_isV6 && size >= sizeof(byte):
                    trafficClass = *data;
                    break;
                case (Inet.LevelIpv6, Inet.Ipv6TrafficClass) when _isV6 && size >= sizeof(int):
                    trafficClass = (byte)*(int*)data;
                    break;
            }

            var step = ((long)length + 7) & ~7L;
            at += step;
            left -= step;
        }

        return local;
    }

    private static nuint WriteSegmentSize(byte* control, int size)
    {
        *(ControlHeader*)control = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + sizeof(ushort)), Level = Socket.LevelUdp, Type = Socket.UdpSegment };
        *(ushort*)(control + sizeof(ControlHeader)) = (ushort)size;
        return (nuint)(sizeof(ControlHeader) + 8);
    }

    private nuint WriteTrafficClass(byte* control, byte value)
    {
        var (level, type) = _isV6 ? (Inet.LevelIpv6, Inet.Ipv6TrafficClass) : (Inet.LevelIp, Inet.IpTypeOfService);
        *(ControlHeader*)control = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + sizeof(int)), Level = level, Type = type };
        *(int*)(control + sizeof(ControlHeader)) = value;
        return (nuint)(sizeof(ControlHeader) + 8);
    }

    /// <summary>Asks for a source address; an unspecified one leaves the choice to the routes.</summary>
    private nuint WriteLocal(byte* control, InetAddress local)
    {
        if (local.IsUnspecified)
        {
            return 0;
        }

        var header = (ControlHeader*)control;
        var data = control + sizeof(ControlHeader);
        if (_isV6)
        {
            *header = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + sizeof(Inet6PacketInfo)), Level = Inet.LevelIpv6, Type = Inet.Ipv6PacketInfo };
            *(Inet6PacketInfo*)data = default;
            local.CopyTo(new Span<byte>(((Inet6PacketInfo*)data)->Local, 16));
            return (nuint)(sizeof(ControlHeader) + 24);
        }

        *header = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + sizeof(InetPacketInfo)), Level = Inet.LevelIp, Type = Inet.IpPacketInfo };
        *(InetPacketInfo*)data = default;
        local.CopyTo(new Span<byte>(((InetPacketInfo*)data)->Local, 4));
        return (nuint)(sizeof(ControlHeader) + 16);
    }

    /// <summary>Which octets of which slot a message carries.</summary>
    public readonly record struct Origin(int Slot, int From, int Length);

    private struct Entry
    {
        /// <summary>Three <c>cmsghdr</c> (16 octets each) with their data, each aligned to 8.</summary>
        public const int ControlSize = 16 + 24 + 16 + 8 + 16 + 8;

        public SocketAddress Name;
        public IoVector Vector;
        public fixed byte Control[ControlSize];
    }
}
