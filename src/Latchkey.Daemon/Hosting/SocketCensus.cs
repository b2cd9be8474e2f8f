using Latchkey.Latching;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Compares flows with the host's sockets. A flow whose socket is missing in two consecutive looks has lost it: one look
/// may fall into the moment between a packet and its socket.
/// </summary>
internal sealed class SocketCensus
{
    private HashSet<FlowKey> _missing = [];

    /// <summary>The flows whose socket was missing in this look and in the one before.</summary>
    public IReadOnlyCollection<FlowKey> Look(IEnumerable<FlowKey> flows, IReadOnlyList<SocketEntry> sockets)
    {
        var missing = Missing(flows, sockets);
        var gone = missing.Where(_missing.Contains).ToList();
        _missing = missing;
        return gone;
    }

    /// <summary>The flows that have no socket in this look.</summary>
    public static HashSet<FlowKey> Missing(IEnumerable<FlowKey> flows, IReadOnlyList<SocketEntry> sockets)
    {
        var connected = sockets.Select(s => s.Flow).ToHashSet();
        var unconnected = sockets.Where(s => IsUnconnected(s.Flow)).Select(s => (s.Flow.Protocol, s.Flow.LocalPort)).ToHashSet();
        return flows
            .Where(f => f.Protocol is IpProtocol.Tcp or IpProtocol.Udp)
            .Where(f => !connected.Contains(f) && !(f.Protocol == IpProtocol.Udp && unconnected.Contains((f.Protocol, f.LocalPort))))
            .ToHashSet();
    }

    /// <summary>
    /// The latches whose flow still has its socket, and those of flows that this host forwards: of these nobody knows, and
    /// their packets will tell. To be asked once, at the start, when nothing can move meanwhile.
    /// </summary>
    public static IReadOnlyCollection<LatchRecord> Living(IReadOnlyCollection<LatchRecord> latches, IReadOnlyList<SocketEntry> sockets)
    {
        var missing = Missing(latches.Select(latch => latch.Flow), sockets);
        return [.. latches.Where(latch => latch.IsForwarded || !missing.Contains(latch.Flow))];
    }

    /// <summary>What listens: TCP sockets in LISTEN, UDP sockets without a peer.</summary>
    public static IReadOnlyCollection<ListenerKey> Listeners(IReadOnlyList<SocketEntry> sockets) =>
        [.. sockets.Where(IsListening).Select(s => new ListenerKey(s.Flow.Protocol, s.Flow.Local, s.Flow.LocalPort)).Distinct()];

    /// <summary>
    /// Connections that exist. One that is still being set up is left out: it is tied to nobody yet, and will be latched
    /// by its next packet. So is one that only waits out its last packets.
    /// </summary>
    public static IReadOnlyCollection<FlowKey> Connections(IReadOnlyList<SocketEntry> sockets) =>
        [.. sockets.Where(s => !IsUnconnected(s.Flow) && !IsListening(s) && !IsPassing(s.State)).Select(s => s.Flow)];

    private static bool IsUnconnected(FlowKey flow) => flow.Remote.IsUnspecified && flow.RemotePort == 0;

    private static bool IsListening(SocketEntry socket) =>
        socket.Flow.Protocol == IpProtocol.Tcp ? socket.State == SocketState.Listen : IsUnconnected(socket.Flow);

    private static bool IsPassing(SocketState state) =>
        state is SocketState.SynSent or SocketState.SynReceived or SocketState.NewSynReceived or SocketState.TimeWait;
}
