using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>
/// The native structures of recvmmsg(2) and sendmmsg(2) for many datagrams, made once: headers, I/O vectors, names and
/// packet information, wired together. They point into the batch's pinned slab: no packet is copied.
/// </summary>
internal sealed unsafe class MessageVector : IDisposable
{
    /// <summary>Datagrams of one call.</summary>
    public const int Capacity = 128;

    private readonly bool _isV6;
    private readonly Entry* _entries;
    private readonly int[] _slots = new int[Capacity];

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

    /// <summary>Messages that <see cref="PrepareSend"/> filled.</summary>
    public int Count { get; private set; }

    /// <summary>The slot that a prepared message came from.</summary>
    public int SlotOf(int message) => _slots[message];

    public void PrepareReceive(PacketBatch batch, int firstSlot, int count)
    {
        var slab = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(batch.Slab));
        for (var i = 0; i < count; i++)
        {
            Aim(i, slab + ((firstSlot + i) * batch.SlotSize) + batch[firstSlot + i].Offset, batch.PacketSize);
            Messages[i].Header.NameLength = SocketAddress.Size;
            Messages[i].Header.ControlLength = ControlSize;
        }
    }

    /// <summary>Fills a slot from a received message; one that was cut off or came without its addresses gets length 0.</summary>
    public void TakeReceived(ref PacketSlot slot, int message)
    {
        ref var header = ref Messages[message].Header;
        slot.Length = (header.Flags & Socket.MessageTruncated) == 0 ? (int)Messages[message].Length : 0;
        slot.Remote = _entries[message].Name.ToEndpoint();
        if (TryReadLocal(ref header, out var local))
        {
            slot.Local = new InetEndpoint(local, 0);
        }
        else
        {
            slot.Length = 0;
        }
    }

    /// <summary>Fills messages from the run of slots of this family and fragmentation that begins at <paramref name="first"/>.</summary>
    /// <returns>The first slot that is not part of the run.</returns>
    public int PrepareSend(PacketBatch batch, int first, bool mayFragment)
    {
        var slab = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(batch.Slab));
        Count = 0;
        var index = first;
        for (; index < batch.Count && Count < Capacity; index++)
        {
            ref var slot = ref batch[index];
            if (slot.Length == 0)
            {
                continue;
            }

            if (slot.Remote.Address.IsV6 != _isV6 || slot.MayFragment != mayFragment)
            {
                break;
            }

            Aim(Count, slab + (index * batch.SlotSize) + slot.Offset, slot.Length);
            _entries[Count].Name = SocketAddress.From(slot.Remote);
            Messages[Count].Header.NameLength = _entries[Count].Name.Length;
            Messages[Count].Header.ControlLength = WriteLocal(_entries[Count].Control, slot.Local.Address);
            _slots[Count++] = index;
        }

        return index;
    }

    public void Dispose()
    {
        NativeMemory.Free(Messages);
        NativeMemory.Free(_entries);
        Messages = null;
    }

    /// <summary>Room for one control message with the longer of both structures.</summary>
    private static nuint ControlSize => (nuint)(sizeof(ControlHeader) + 24);

    private void Aim(int message, byte* data, int length)
    {
        _entries[message].Vector = new IoVector { Base = data, Length = (nuint)length };
        Messages[message].Header.Flags = 0;
    }

    private bool TryReadLocal(ref MessageHeader header, out InetAddress local)
    {
        local = default;
        var control = (ControlHeader*)header.Control;
        var data = header.Control + sizeof(ControlHeader);
        var length = header.ControlLength < (nuint)sizeof(ControlHeader) ? 0 : (int)control->Length - sizeof(ControlHeader);
        if (_isV6)
        {
            if (length < sizeof(Inet6PacketInfo) || control->Level != Inet.LevelIpv6 || control->Type != Inet.Ipv6PacketInfo)
            {
                return false;
            }

            local = InetAddress.FromBytes(new ReadOnlySpan<byte>(((Inet6PacketInfo*)data)->Local, 16));
            return true;
        }

        if (length < sizeof(InetPacketInfo) || control->Level != Inet.LevelIp || control->Type != Inet.IpPacketInfo)
        {
            return false;
        }

        local = InetAddress.FromBytes(new ReadOnlySpan<byte>(((InetPacketInfo*)data)->Local, 4));
        return true;
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

    private struct Entry
    {
        public SocketAddress Name;
        public IoVector Vector;

        /// <summary>One <c>cmsghdr</c> (16 octets) and its data, aligned to 8.</summary>
        public fixed byte Control[40];
    }
}
