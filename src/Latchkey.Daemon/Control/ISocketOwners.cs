using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Control;

/// <summary>Whose the host's sockets are.</summary>
public interface ISocketOwners
{
    /// <returns>Null when no process holds a socket of this connection.</returns>
    SocketOwner? Of(FlowKey flow);

    /// <summary>The connections a user's processes hold.</summary>
    IReadOnlyList<FlowKey> HeldBy(uint user);

    /// <returns>Null when no process holds a socket that listens there.</returns>
    SocketOwner? Of(ListenerKey listener);
}

/// <param name="User">Whoever made the socket, or accepted the connection; the effective user at that moment.</param>
/// <param name="Inode">Tells one socket from the next at the same address.</param>
public readonly record struct SocketOwner(uint User, uint Inode);
