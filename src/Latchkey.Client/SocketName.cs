using System.Net;
using System.Net.Sockets;

namespace Latchkey.Client;

/// <summary>A socket as the daemon wants it named: by its addresses, IPv4 as IPv4 whatever family the socket has.</summary>
internal static class SocketName
{
    public static string OfConnection(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return socket is { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote }
            ? Escape($"{Protocol(socket)} {Text(local)} {Text(remote)}")
            : throw new ArgumentException("the socket is not connected over IP", nameof(socket));
    }

    public static string OfConnectionTo(Socket socket, IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(remote);
        if (socket.LocalEndPoint is not IPEndPoint { Port: not 0 } local)
        {
            throw new ArgumentException("the socket is not bound to a port", nameof(socket));
        }

        // A socket bound to every address gets one of the peer's family when it connects.
        var to = Plain(remote.Address);
        var from = !local.Address.Equals(IPAddress.Any) && !local.Address.Equals(IPAddress.IPv6Any) ? Plain(local.Address)
            : to.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        return Escape($"{Protocol(socket)} {new IPEndPoint(from, local.Port)} {new IPEndPoint(to, remote.Port)}");
    }

    public static string OfListener(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return socket.LocalEndPoint is IPEndPoint { Port: not 0 } local
            ? Escape($"{Protocol(socket)} {Text(local)}")
            : throw new ArgumentException("the socket is not bound to a port", nameof(socket));
    }

    private static string Protocol(Socket socket) => socket.ProtocolType switch
    {
        ProtocolType.Tcp => "tcp",
        ProtocolType.Udp => "udp",
        _ => throw new ArgumentException($"{socket.ProtocolType} is not asked about here; TCP and UDP are", nameof(socket)),
    };

    private static IPEndPoint Text(IPEndPoint endpoint) => new(Plain(endpoint.Address), endpoint.Port);

    /// <summary>Without the zone of a link-local address: the daemon's flows have none.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;

    private static string Escape(string name) => Uri.EscapeDataString(name);
}
