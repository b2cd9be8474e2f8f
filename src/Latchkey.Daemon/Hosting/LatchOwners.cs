using Latchkey.Daemon.Reports;
using Latchkey.Linux;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Sockets;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Whose sockets the latched flows are, as the kernel says at this moment.</summary>
internal sealed class LatchOwners
{
    private readonly Dictionary<FlowKey, SocketEntry> _sockets;
    private readonly IReadOnlyDictionary<uint, SocketHolder> _holders;

    private LatchOwners(Dictionary<FlowKey, SocketEntry> sockets)
    {
        _sockets = sockets;
        _holders = SocketHolders.Find(sockets.Values.Select(s => s.Inode).ToHashSet());
    }

    /// <param name="flows">The flows that are asked about; only their sockets are looked for.</param>
    public static LatchOwners Look(IEnumerable<FlowKey> flows)
    {
        var asked = flows.SelectMany(Candidates).ToHashSet();
        try
        {
            return new LatchOwners(SocketWatch.Sockets().Where(s => s.Inode != 0 && asked.Contains(s.Flow)).DistinctBy(s => s.Flow).ToDictionary(s => s.Flow));
        }
        catch (LinuxException)
        {
            // The kernel lists no sockets, which SocketWatch has said already: nobody is named.
            return new LatchOwners([]);
        }
    }

    public OwnerReport? Of(FlowKey flow)
    {
        foreach (var candidate in Candidates(flow))
        {
            if (_sockets.TryGetValue(candidate, out var socket))
            {
                var holder = _holders.GetValueOrDefault(socket.Inode);
                return new OwnerReport(holder?.Pid, holder?.Command, socket.User, socket.Inode);
            }
        }

        return null;
    }

    /// <summary>The flow's own socket; or, for UDP, one without a peer on the flow's local port, the narrowest first.</summary>
    private static IEnumerable<FlowKey> Candidates(FlowKey flow)
    {
        yield return flow;
        if (flow.Protocol == IpProtocol.Udp)
        {
            var any = flow.Local.IsV4 ? InetAddress.AnyV4 : InetAddress.AnyV6;
            yield return flow with { Remote = any, RemotePort = 0 };
            yield return flow with { Local = any, Remote = any, RemotePort = 0 };
            yield return flow with { Local = InetAddress.AnyV6, Remote = InetAddress.AnyV6, RemotePort = 0 };
        }
    }
}
