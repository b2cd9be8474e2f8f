using System.Net;
using System.Net.Sockets;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Sockets;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class SocketHoldersTests
{
    [Fact]
    public void A_connected_socket_is_traced_to_its_user_and_process()
    {
        using var listener = new System.Net.Sockets.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new System.Net.Sockets.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        var loopback = InetAddress.Parse("127.0.0.1");
        var flow = new FlowKey(
            IpProtocol.Tcp, loopback, (ushort)((IPEndPoint)client.LocalEndPoint!).Port, loopback, (ushort)((IPEndPoint)client.RemoteEndPoint!).Port);

        using var table = new SocketTable();
        Assert.True(table.TryFind(flow, out var socket));
        var holder = SocketHolders.Find(new HashSet<uint> { socket.Value.Inode })[socket.Value.Inode];
        Assert.Equal(Environment.ProcessId, holder.Pid);
        Assert.Equal(File.ReadAllText("/proc/self/comm").TrimEnd('\n'), holder.Command);
        Assert.Equal(0u, socket.Value.User);
    }

    [Fact]
    public void A_socket_that_nobody_holds_is_left_out() => Assert.Empty(SocketHolders.Find(new HashSet<uint> { uint.MaxValue }));
}
