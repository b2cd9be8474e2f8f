using Latchkey.Linux.Sockets;

namespace Latchkey.Daemon.Control;

/// <summary>Who asks. Root, and the user the daemon runs as, may ask everything; others only about their own sockets.</summary>
/// <remarks>The kernel says who it is, once, when the connection is made; a program that drops its privileges afterwards keeps
/// what the connection had, and makes a new one to have less.</remarks>
internal readonly record struct Caller(uint User)
{
    public const uint Root = 0;

    public bool IsAdministrator => User == Root || User == PeerCredentials.OwnUser;

    public bool Owns(SocketOwner socket) => IsAdministrator || socket.User == User;
}
