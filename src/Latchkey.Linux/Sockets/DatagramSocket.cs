using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>
/// One wildcard socket of one family that knows the local address of every packet it receives and chooses it for every
/// packet it sends. Packets carry DF (PMTUDISC_DO); only one that may be fragmented, and must be, goes without.
/// </summary>
internal sealed class DatagramSocket : IDisposable
{
    /// <summary>What the kernel's buffer is charged for a packet besides its octets, about.</summary>
    private const int PacketOverhead = 1024;

    /// <summary>Milliseconds between questions for the MTU of paths on which packets go in fragments: each costs five system calls.</summary>
    private const long PathAskInterval = 1000;

    private readonly string _name;
    private readonly uint _mark;
    private readonly bool _isV6;
    private readonly int _type;
    private readonly MessageVector _incoming;
    private readonly MessageVector _outgoing;
    private readonly MessageVector _singly;
    private readonly Lock _sendLock = new();
    private readonly long _asksForRoomAfter;
    private long _sentSinceRoom;
    private long _pathAskedAt = -PathAskInterval;
    private bool _sendsTrains;

    /// <param name="type">SOCK_DGRAM or SOCK_RAW.</param>
    /// <param name="protocol">0, or the protocol number of a raw socket.</param>
    /// <param name="port">The UDP port; 0 with a raw socket.</param>
    /// <returns>Null when the host does not have this family.</returns>
    public static DatagramSocket? TryOpen(string name, bool v6, int type, int protocol, ushort port, OuterSocketSettings settings)
    {
        var descriptor = Socket.Create(v6 ? Socket.FamilyInet6 : Socket.FamilyInet, type | Socket.TypeCloseOnExec, protocol);
        if (descriptor.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Errno.AddressFamilyNotSupported ? null : throw new LinuxException($"cannot open a socket for {name}", error);
        }

        var socket = new DatagramSocket(name, v6, type, descriptor, settings);
        try
        {
            socket.Configure(settings);
            return socket.TryBind(port) ? socket : null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private DatagramSocket(string name, bool v6, int type, FileDescriptor descriptor, OuterSocketSettings settings)
    {
        _name = name;
        _isV6 = v6;
        _type = type;
        _mark = settings.Mark;
        _asksForRoomAfter = settings.BufferOctets / 8;
        Descriptor = descriptor;
        _incoming = new MessageVector(v6);
        _outgoing = new MessageVector(v6);
        _singly = new MessageVector(v6);
    }

    public FileDescriptor Descriptor { get; }

    /// <summary>Whether trains were asked for, and the kernel takes and gives them.</summary>
    public bool HasTrains { get; private set; }

    /// <summary>Packets that found the receive buffer full, as the kernel counts them.</summary>
    public long Overflowed
    {
        get
        {
            Span<int> information = stackalloc int[Socket.MemoryInformationWords];
            var length = (uint)(information.Length * sizeof(int));
            return Socket.GetOption(Descriptor, Socket.LevelSocket, Socket.OptionMemoryInformation, ref information[0], ref length) == 0 ? (uint)information[^1] : 0;
        }
    }

    /// <summary>Fills an empty batch with what is there now, without waiting.</summary>
    public int Receive(PacketBatch batch)
    {
        var wanted = _incoming.PrepareReceive(batch);
        int received;
        unsafe
        {
            received = Socket.ReceiveMany(Descriptor, _incoming.Messages, (uint)wanted, Socket.MessageDontWait, null);
        }

        if (received < 0)
        {
            // Besides "nothing there" the kernel reports here that an earlier packet could not be sent: not this caller's affair.
            return 0;
        }

        _incoming.TakeReceived(batch, received);
        return received;
    }

    /// <summary>Sends the slots of this family from <paramref name="first"/> on.</summary>
    /// <returns>The first slot not handled.</returns>
    public int SendRun(PacketBatch batch, int first)
    {
        lock (_sendLock)
        {
            _outgoing.BeginSend();
            var index = first;
            for (; index < batch.Count; index++)
            {
                ref var slot = ref batch[index];
                if (slot.Length == 0)
                {
                    continue;
                }

                if (slot.Remote.Address.IsV6 != _isV6)
                {
                    break;
                }

                (slot.SendResult, slot.Refused, slot.NarrowPath) = (0, 0, 0);
                _sentSinceRoom += slot.Length + (slot.Packets * PacketOverhead);
                Add(batch, index);
            }

            SendAdded(batch);
            return index;
        }
    }

    /// <summary>As <see cref="IPacketLink.WaitForRoom"/>.</summary>
    public unsafe bool WaitForRoom(int timeoutMilliseconds)
    {
        if (Volatile.Read(ref _sentSinceRoom) < _asksForRoomAfter)
        {
            return true;
        }

        // The kernel calls a socket writable when more than half of its buffer is free: a batch fits, and IKE behind it.
        var entry = new PollEntry { Descriptor = Descriptor.Number, Wanted = PollEntry.Writable };
        if (Libc.Poll(&entry, 1, timeoutMilliseconds) <= 0 || (entry.Seen & PollEntry.Writable) == 0)
        {
            return false;
        }

        Volatile.Write(ref _sentSinceRoom, 0);
        return true;
    }

    public void Dispose()
    {
        Descriptor.Dispose();
        _incoming.Dispose();
        _outgoing.Dispose();
        _singly.Dispose();
    }

    private void Add(PacketBatch batch, int index)
    {
        ref var slot = ref batch[index];
        var size = _sendsTrains || slot.Packets == 1 ? slot.Length : slot.SegmentSize;
        for (var from = 0; from < slot.Length; from += size)
        {
            var length = Math.Min(size, slot.Length - from);
            if (!_outgoing.TryAdd(batch, index, from, length))
            {
                SendAdded(batch);
                _outgoing.TryAdd(batch, index, from, length);
            }
        }
    }

    private void SendAdded(PacketBatch batch)
    {
        var done = 0;
        while (done < _outgoing.Count)
        {
            if (Send(_outgoing, done) is var sent and > 0)
            {
                done += sent;
                continue;
            }

            // sendmmsg(2) tells the error of the first message only; go on behind it.
            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.Interrupted)
            {
                continue;
            }

            var origin = _outgoing.OriginOf(done++);
            var size = batch[origin.Slot].SegmentSize;
            if (size == 0 || origin.Length <= size)
            {
                SendAnyway(batch, origin, error);
            }
            else if (error == Errno.Again)
            {
                Refuse(ref batch[origin.Slot], PacketSlot.NoRoom, (origin.Length + size - 1) / size);
            }
            else
            {
                SendSingly(batch, origin, error);
            }
        }

        _outgoing.BeginSend();
    }

    /// <summary>Sends the datagrams of a train that was refused as a whole.</summary>
    private void SendSingly(PacketBatch batch, MessageVector.Origin train, int refusal)
    {
        ref var slot = ref batch[train.Slot];
        var refusedBefore = slot.Refused;
        for (var from = 0; from < train.Length; from += slot.SegmentSize)
        {
            _singly.BeginSend();
            _singly.TryAdd(batch, train.Slot, train.From + from, Math.Min(slot.SegmentSize, train.Length - from));
            if (Send(_singly, 0) <= 0)
            {
                SendAnyway(batch, _singly.OriginOf(0), Marshal.GetLastPInvokeError());
            }
        }

        // What goes singly and not together is more than this way takes: a device without checksums (EIO), say.
        if (refusal != Errno.MessageTooBig && slot.Refused == refusedBefore)
        {
            _sendsTrains = false;
        }
    }

    /// <summary>Sends a datagram that was refused in fragments, where that is the reason and it may be.</summary>
    private void SendAnyway(PacketBatch batch, MessageVector.Origin datagram, int error)
    {
        ref var slot = ref batch[datagram.Slot];
        if (error != Errno.MessageTooBig)
        {
            Refuse(ref slot, error == Errno.Again ? PacketSlot.NoRoom : PacketSlot.KernelRefused, 1);
        }
        else if (!slot.MayFragment)
        {
            Refuse(ref slot, slot.SendResult > 0 ? slot.SendResult : PathMtu.Of(slot.Local, slot.Remote, _mark) ?? PacketSlot.KernelRefused, 1);
        }
        else
        {
            SetDiscovery(Inet.DiscoverWant);
            _singly.BeginSend();
            _singly.TryAdd(batch, datagram.Slot, datagram.From, datagram.Length);
            if (Send(_singly, 0) <= 0)
            {
                Refuse(ref slot, PacketSlot.KernelRefused, 1);
            }

            SetDiscovery(Inet.DiscoverDo);
            slot.NarrowPath = NarrowPath(slot);
        }
    }

    /// <summary>What the path takes on which a packet went in fragments; 0 when that was asked a moment ago.</summary>
    private int NarrowPath(in PacketSlot slot)
    {
        var now = Environment.TickCount64;
        if (now - _pathAskedAt < PathAskInterval)
        {
            return slot.NarrowPath;
        }

        _pathAskedAt = now;
        return PathMtu.Of(slot.Local, slot.Remote, _mark) ?? 0;
    }

    private static void Refuse(ref PacketSlot slot, int result, int packets)
    {
        slot.SendResult = result;
        slot.Refused += packets;
    }

    /// <summary>Never waits: a full buffer is an error as any other.</summary>
    private unsafe int Send(MessageVector messages, int first) =>
        Socket.SendMany(Descriptor, messages.Messages + first, (uint)(messages.Count - first), Socket.MessageDontWait);

    private void Configure(OuterSocketSettings settings)
    {
        Set(Socket.LevelSocket, Socket.OptionMark, (int)settings.Mark, "mark packets (SO_MARK)");
        Set(Socket.LevelSocket, Socket.OptionReceiveBufferForce, settings.BufferOctets, "enlarge the receive buffer");
        Set(Socket.LevelSocket, Socket.OptionSendBufferForce, settings.BufferOctets, "enlarge the send buffer");
        if (_isV6)
        {
            if (_type == Socket.TypeDatagram)
            {
                // A raw IPv6 socket never sees IPv4 and refuses the option.
                Set(Inet.LevelIpv6, Inet.Ipv6Only, 1, "keep IPv4 out of the IPv6 socket");
            }

            Set(Inet.LevelIpv6, Inet.Ipv6ReceivePacketInfo, 1, "learn local addresses (IPV6_RECVPKTINFO)");
            Set(Inet.LevelIpv6, Inet.Ipv6ReceiveTrafficClass, 1, "learn congestion marks (IPV6_RECVTCLASS)");
        }
        else
        {
            Set(Inet.LevelIp, Inet.IpPacketInfo, 1, "learn local addresses (IP_PKTINFO)");
            Set(Inet.LevelIp, Inet.IpReceiveTypeOfService, 1, "learn congestion marks (IP_RECVTOS)");
        }

        SetDiscovery(Inet.DiscoverDo);
        if (settings.Trains && _type == Socket.TypeDatagram)
        {
            HasTrains = _sendsTrains = Socket.SetOption(Descriptor, Socket.LevelUdp, Socket.UdpReceiveCoalesced, 1, sizeof(int)) == 0;
        }
    }

    private void SetDiscovery(int mode)
    {
        if (_isV6)
        {
            Set(Inet.LevelIpv6, Inet.Ipv6MtuDiscover, mode, "set the DF policy");
        }
        else
        {
            Set(Inet.LevelIp, Inet.IpMtuDiscover, mode, "set the DF policy");
        }
    }

    private void Set(int level, int option, int value, string what)
    {
        if (Socket.SetOption(Descriptor, level, option, value, sizeof(int)) != 0)
        {
            throw LinuxException.Last($"{_name}: cannot {what}");
        }
    }

    /// <returns>False when the family exists but no address of it may be used (<c>disable_ipv6</c>).</returns>
    private unsafe bool TryBind(ushort port)
    {
        var address = SocketAddress.From(new InetEndpoint(_isV6 ? InetAddress.AnyV6 : InetAddress.AnyV4, port));
        if (Socket.Bind(Descriptor, &address, address.Length) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        if (_isV6 && error == Errno.AddressNotAvailable)
        {
            Dispose();
            return false;
        }

        throw new LinuxException($"cannot listen on {_name}; does another IKE daemon run?", error);
    }
}
