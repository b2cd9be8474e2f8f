using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Sockets;

/// <summary>What the kernel knows of the way to a peer.</summary>
public static class PathMtu
{
    /// <summary>
    /// Octets of the largest IP packet that the known path to <paramref name="remote"/> takes: the outgoing interface's MTU,
    /// or less when a router said so (RFC 1191, RFC 8201).
    /// </summary>
    /// <param name="local">Whence; an unspecified address leaves the choice to the routes.</param>
    /// <param name="mark">The mark of our outer packets, so that they and not the protected ones are asked about.</param>
    /// <returns>Null when there is no route.</returns>
    /// <remarks>
    /// A connected socket is the one interface that tells the remembered path MTU for exactly these addresses and this
    /// mark (IP_MTU, IPV6_MTU). It costs five system calls, so it is asked only when a packet was too big, or at set-up.
    /// </remarks>
    public static unsafe int? Of(InetEndpoint local, InetEndpoint remote, uint mark)
    {
        var v6 = remote.Address.IsV6;
        using var socket = Socket.Create(v6 ? Socket.FamilyInet6 : Socket.FamilyInet, Socket.TypeDatagram | Socket.TypeCloseOnExec, 0);
        if (socket.IsInvalid || Socket.SetOption(socket, Socket.LevelSocket, Socket.OptionMark, (int)mark, sizeof(int)) != 0)
        {
            return null;
        }

        var source = SocketAddress.From(local with { Port = 0 });
        if (!local.Address.IsUnspecified && Socket.Bind(socket, &source, source.Length) != 0)
        {
            return null;
        }

        // Any port serves: nothing is sent. Connecting only looks the route up.
        var destination = SocketAddress.From(remote.Port == 0 ? remote with { Port = 4500 } : remote);
        if (Socket.Connect(socket, &destination, destination.Length) != 0)
        {
            return null;
        }

        var mtu = 0;
        uint length = sizeof(int);
        var error = v6
            ? Socket.GetOption(socket, Inet.LevelIpv6, Inet.Ipv6Mtu, ref mtu, ref length)
            : Socket.GetOption(socket, Inet.LevelIp, Inet.IpMtu, ref mtu, ref length);
        return error == 0 && mtu > 0 ? mtu : null;
    }
}
