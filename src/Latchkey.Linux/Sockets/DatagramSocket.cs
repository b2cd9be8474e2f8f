using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>
/// One wildcard socket of one family that knows the local address of every packet it receives and chooses it for every
/// packet it sends. Packets carry DF (PMTUDISC_DO) except where a slot allows fragments.
/// </summary>
internal sealed class DatagramSocket : IDisposable
{
    private readonly string _name;
    private readonly uint _mark;
    private readonly bool _isV6;
    private readonly int _type;
    private readonly MessageVector _incoming;
    private readonly MessageVector _outgoing;
    private readonly Lock _sendLock = new();

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
        Descriptor = descriptor;
        _incoming = new MessageVector(v6);
        _outgoing = new MessageVector(v6);
    }

    public FileDescriptor Descriptor { get; }

    /// <summary>Appends to the batch what is there now, without waiting.</summary>
    public int Receive(PacketBatch batch)
    {
        var first = batch.Count;
        var wanted = Math.Min(batch.Capacity - first, MessageVector.Capacity);
        if (wanted == 0)
        {
            return 0;
        }

        _incoming.PrepareReceive(batch, first, wanted);
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

        for (var i = 0; i < received; i++)
        {
            _incoming.TakeReceived(ref batch[first + i], i);
        }

        batch.Count = first + received;
        return received;
    }

    /// <summary>Sends the slots from <paramref name="first"/> on that belong together: same family, same fragmentation.</summary>
    /// <returns>The first slot not handled.</returns>
    public int SendRun(PacketBatch batch, int first)
    {
        var mayFragment = batch[first].MayFragment;
        lock (_sendLock)
        {
            var next = _outgoing.PrepareSend(batch, first, mayFragment);
            if (mayFragment)
            {
                SetDiscovery(Inet.DiscoverWant);
            }

            SendPrepared(batch);
            if (mayFragment)
            {
                SetDiscovery(Inet.DiscoverDo);
            }

            return next;
        }
    }

    public void Dispose()
    {
        Descriptor.Dispose();
        _incoming.Dispose();
        _outgoing.Dispose();
    }

    private unsafe void SendPrepared(PacketBatch batch)
    {
        var done = 0;
        while (done < _outgoing.Count)
        {
            var sent = Socket.SendMany(Descriptor, _outgoing.Messages + done, (uint)(_outgoing.Count - done), 0);
            if (sent > 0)
            {
                for (var end = done + sent; done < end; done++)
                {
                    batch[_outgoing.SlotOf(done)].SendResult = 0;
                }

                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.Interrupted)
            {
                continue;
            }

            // sendmmsg(2) tells the error of the first message only; go on behind it.
            ref var slot = ref batch[_outgoing.SlotOf(done)];
            slot.SendResult = error == Errno.MessageTooBig ? PathMtu.Of(slot.Local, slot.Remote, _mark) ?? -1 : -1;
            done++;
        }
    }

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
        }
        else
        {
            Set(Inet.LevelIp, Inet.IpPacketInfo, 1, "learn local addresses (IP_PKTINFO)");
        }

        SetDiscovery(Inet.DiscoverDo);
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
