using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>Sends whole IP packets, header included (raw(7)), marked so that they go by the host's own routes. Receives nothing.</summary>
internal sealed class RawIpSocket : IDisposable
{
    private readonly FileDescriptor _v4;
    private readonly FileDescriptor _v6;

    /// <exception cref="LinuxException">No right.</exception>
    public RawIpSocket(uint mark)
    {
        _v4 = Open(Socket.FamilyInet, mark);
        _v6 = Open(Socket.FamilyInet6, mark);
        if (_v4.IsInvalid && _v6.IsInvalid)
        {
            throw LinuxException.Last("cannot open a raw socket");
        }
    }

    /// <summary>A packet that the kernel does not take is lost, as on the wire.</summary>
    public unsafe void Send(ReadOnlySpan<byte> packet)
    {
        if (IpPacket.Read(packet, out var parsed) != IpPacketKind.Whole)
        {
            return;
        }

        var address = SocketAddress.From(new InetEndpoint(parsed.Destination, 0));
        fixed (byte* data = packet)
        {
            _ = Socket.SendTo(parsed.IsV6 ? _v6 : _v4, data, (nuint)parsed.Length, 0, &address, address.Length);
        }
    }

    public void Dispose()
    {
        _v4.Dispose();
        _v6.Dispose();
    }

    /// <summary>Protocol 255, IPPROTO_RAW: the header is the sender's, in both families.</summary>
    private static FileDescriptor Open(int family, uint mark)
    {
        const int RawProtocol = 255;
        var socket = Socket.Create(family, Socket.TypeRaw | Socket.TypeCloseOnExec, RawProtocol);
        if (!socket.IsInvalid && Socket.SetOption(socket, Socket.LevelSocket, Socket.OptionMark, (int)mark, sizeof(int)) != 0)
        {
            throw LinuxException.Last("cannot mark the packets of a raw socket");
        }

        return socket;
    }
}
