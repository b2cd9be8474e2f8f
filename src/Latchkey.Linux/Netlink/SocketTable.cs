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

    /// <summary>All sockets of a protocol (TCP or UDP), both families, in every state.</summary>
    /// <exception cref="LinuxException">The kernel cannot list them, for example because it was built without it.</exception>
    public List<SocketEntry> List(IpProtocol protocol)
    {
        var result = List(protocol, Socket.FamilyInet);
        result.AddRange(List(protocol, Socket.FamilyInet6));
        return result;
    }

    /// <summary>Looks one connected socket up by its exact 5-tuple.</summary>
    /// <returns>False when there is none; a TCP connection in TIME_WAIT is still found.</returns>
    public unsafe bool TryFind(FlowKey flow, [NotNullWhen(true)] out SocketEntry? entry)
    {
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

        var flow = new FlowKey(
            protocol,
            ToAddress(message.Family, new ReadOnlySpan<byte>(message.Id.Local, 16)),
            BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(message.Id.LocalPort, 2)),
            ToAddress(message.Family, new ReadOnlySpan<byte>(message.Id.Remote, 16)),
            BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(message.Id.RemotePort, 2)));
        return new SocketEntry(flow, (SocketState)message.State, message.User, message.Inode);
    }

    /// <summary>An IPv6 socket that talks IPv4 has mapped addresses, <c>::ffff:0:0/96</c> (RFC 4291 §2.5.5.2).</summary>
    private static InetAddress ToAddress(byte family, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
        return family == Socket.FamilyInet ? InetAddress.FromBytes(bytes[..4])
            : bytes.StartsWith(mapped) ? InetAddress.FromBytes(bytes[12..])
            : InetAddress.FromBytes(bytes);
    }
}
