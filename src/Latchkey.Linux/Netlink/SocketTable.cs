using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>TCP states by the kernel's numbers (<c>net/tcp_states.h</c>). UDP: ESTABLISHED when connected, otherwise CLOSE.</summary>
public enum SocketState : byte
{
    None = 0,
    Established = 1,
    SynSent = 2,
    SynReceived = 3,
    FinWait1 = 4,
    FinWait2 = 5,
    TimeWait = 6,
    Close = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
    NewSynReceived = 12,
}

/// <summary>A socket of the host. IPv4 traffic of an IPv6 socket is shown as IPv4.</summary>
/// <param name="Flow">The remote side is unspecified, with port 0, when the socket is not connected.</param>
/// <param name="User">Owner's user id; 0 for what has no owner any more (TIME_WAIT).</param>
/// <param name="Inode">0 when no process holds the socket any more.</param>
public readonly record struct SocketEntry(FlowKey Flow, SocketState State, uint User, uint Inode);

/// <summary>The host's TCP and UDP sockets, asked of the kernel through sock_diag(7). Not for several threads at once.</summary>
public sealed class SocketTable : IDisposable
{
    private readonly NetlinkSocket _netlink = new(NetlinkAbi.SockDiag);
    private readonly bool _hasUdp;

    public SocketTable()
    {
        // A kernel without the module answers ENOENT to the protocol, whatever the socket asked for.
        try
        {
            List(IpProtocol.Udp, Socket.FamilyInet);
            _hasUdp = true;
        }
        catch (LinuxException e) when (e.Errno == Errno.NoEntry)
        {
            _hasUdp = false;
        }
    }

    /// <summary>Set when the kernel cannot list UDP sockets (CONFIG_INET_UDP_DIAG): <c>/proc/net/udp</c> is read instead, slowly.</summary>
    public string? Degraded => _hasUdp
        ? null
        : "The kernel lists no UDP sockets by netlink (module udp_diag): /proc/net/udp is read instead, which is slow on hosts with many sockets.";

    /// <summary>All sockets of a protocol (TCP or UDP), both families, in every state.</summary>
    /// <exception cref="LinuxException">The kernel cannot list them, for example because it was built without it.</exception>
    public List<SocketEntry> List(IpProtocol protocol)
    {
        if (protocol == IpProtocol.Udp && !_hasUdp)
        {
            return [.. ProcUdpSockets.Lines(v6: false).Concat(ProcUdpSockets.Lines(v6: true)).Select(ProcUdpSockets.TryRead).OfType<SocketEntry>()];
        }

        var result = List(protocol, Socket.FamilyInet);
        result.AddRange(List(protocol, Socket.FamilyInet6));
        return result;
    }

    /// <summary>Looks one connected socket up by its exact 5-tuple.</summary>
    /// <returns>False when there is none; a TCP connection in TIME_WAIT is still found.</returns>
    public unsafe bool TryFind(FlowKey flow, [NotNullWhen(true)] out SocketEntry? entry)
    {
        if (flow.Protocol == IpProtocol.Udp && !_hasUdp)
        {
            entry = List(IpProtocol.Udp).Where(s => s.Flow == flow).Select(s => (SocketEntry?)s).FirstOrDefault();
            return entry is not null;
        }

        SocketEntry? found = null;
        var request = Request(flow.Protocol, flow.Local.IsV6 ? Socket.FamilyInet6 : Socket.FamilyInet);
        request.Id.Cookie0 = InetDiag.NoCookie;
        request.Id.Cookie1 = InetDiag.NoCookie;

        // TCP names the socket's own end first. UDP (udp_dump_one) takes the ends of a packet that arrives for it.
        var (here, there) = flow.Protocol == IpProtocol.Udp
            ? (new InetEndpoint(flow.Remote, flow.RemotePort), new InetEndpoint(flow.Local, flow.LocalPort))
            : (new InetEndpoint(flow.Local, flow.LocalPort), new InetEndpoint(flow.Remote, flow.RemotePort));
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(request.Id.LocalPort, 2), here.Port);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(request.Id.RemotePort, 2), there.Port);
        here.Address.CopyTo(new Span<byte>(request.Id.Local, 16));
        there.Address.CopyTo(new Span<byte>(request.Id.Remote, 16));
        _netlink.TryGet(MessageBuilder.Request(InetDiag.ByFamily, 0, request), (_, body) => found = TryRead(flow.Protocol, body));

        // A lookup also finds a listener or an unconnected socket that would take the packet: not this flow.
        entry = found is { } socket && socket.Flow == flow ? socket : null;
        return entry is not null;
    }

    public void Dispose() => _netlink.Dispose();

    private static InetDiagRequest Request(IpProtocol protocol, int family) =>
        new() { Family = (byte)family, Protocol = (byte)protocol, States = uint.MaxValue };

    private List<SocketEntry> List(IpProtocol protocol, int family)
    {
        var result = new List<SocketEntry>();
        _netlink.Dump(
            MessageBuilder.Request(InetDiag.ByFamily, 0, Request(protocol, family)), $"cannot list the sockets of {protocol}", result.Clear, (_, body) =>
            {
                if (TryRead(protocol, body) is { } entry)
                {
                    result.Add(entry);
                }
            });
        return result;
    }

    private static unsafe SocketEntry? TryRead(IpProtocol protocol, ReadOnlySpan<byte> body)
    {
        if (!AttributeReader.TrySplit<InetDiagMessage>(body, out var message, out _))
        {
            return null;
        }

        var length = message.Family == Socket.FamilyInet ? 4 : 16;
        var flow = new FlowKey(
            protocol,
            Unmapped(new ReadOnlySpan<byte>(message.Id.Local, length)),
            BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(message.Id.LocalPort, 2)),
            Unmapped(new ReadOnlySpan<byte>(message.Id.Remote, length)),
            BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(message.Id.RemotePort, 2)));
        return new SocketEntry(flow, (SocketState)message.State, message.User, message.Inode);
    }

    /// <summary>An IPv6 socket that talks IPv4 has mapped addresses, <c>::ffff:0:0/96</c> (RFC 4291 §2.5.5.2).</summary>
    internal static InetAddress Unmapped(ReadOnlySpan<byte> octets)
    {
        ReadOnlySpan<byte> mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
        return InetAddress.FromBytes(octets.StartsWith(mapped) ? octets[mapped.Length..] : octets);
    }
}
