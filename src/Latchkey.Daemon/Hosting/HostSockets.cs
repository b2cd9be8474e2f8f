using Latchkey.Daemon.Control;
using Latchkey.Latching;
using Latchkey.Linux;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Asks the kernel whose a socket is.</summary>
internal sealed class HostSockets : ISocketOwners, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SocketTable _table = new();

    /// <exception cref="LinuxException">The kernel cannot be asked.</exception>
    public SocketOwner? Of(FlowKey flow)
    {
        lock (_lock)
        {
            // Inode 0: nobody has accepted it yet, or its process is gone.
            return _table.TryFind(flow, out var entry) && entry is { Inode: not 0 } found ? new SocketOwner(found.User, found.Inode) : null;
        }
    }

    /// <exception cref="LinuxException">The kernel cannot be asked.</exception>
    public SocketOwner? Of(ListenerKey listener)
    {
        var unspecified = listener.Local.IsV4 ? InetAddress.AnyV4 : InetAddress.AnyV6;
        return Of(new FlowKey(listener.Protocol, listener.Local, listener.LocalPort, unspecified, 0));
    }

    /// <exception cref="LinuxException">The kernel cannot be asked.</exception>
    public IReadOnlyList<FlowKey> HeldBy(uint user) =>
        [.. SocketCensus.Connections(SocketWatch.Sockets().Where(s => s.User == user && s.Inode != 0).ToList())];

    public void Dispose() => _table.Dispose();
}
