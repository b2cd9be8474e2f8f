using Latchkey.Linux.Netlink;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

public sealed class SocketTableTests
{
    [Fact]
    public void Tcp_connections_and_listeners_are_listed_with_their_owner()
    {
        using var host = new TestHost("sockets");
        host.StartPython("""
            import os, socket, time
            os.setuid(65534)
            l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); l.bind(("127.0.0.1", 7000)); l.listen()
            c = socket.socket(); c.bind(("127.0.0.1", 4711)); c.connect(("127.0.0.1", 7000)); a = l.accept()
            print("ready", flush=True); time.sleep(60)
            """);
        var sockets = host.In(() => List(IpProtocol.Tcp));

        var client = Assert.Single(sockets, s => s.Flow == Flow(IpProtocol.Tcp, "127.0.0.1", 4711, "127.0.0.1", 7000));
        Assert.Equal(SocketState.Established, client.State);
        Assert.Equal(65534u, client.User);
        Assert.NotEqual(0u, client.Inode);
        var listener = Assert.Single(sockets, s => s.State == SocketState.Listen);
        Assert.Equal(Flow(IpProtocol.Tcp, "127.0.0.1", 7000, "0.0.0.0", 0), listener.Flow);
    }

    [Theory]
    [InlineData("AF_INET", "127.0.0.1", "127.0.0.1")]
    [InlineData("AF_INET6", "::1", "::1")]
    [InlineData("AF_INET6", "::ffff:127.0.0.1", "127.0.0.1")]
    public void A_connected_socket_is_found_by_its_tuple_until_it_is_closed(string family, string bound, string shown)
    {
        foreach (var (type, protocol) in (ReadOnlySpan<(string, IpProtocol)>)[("SOCK_STREAM", IpProtocol.Tcp), ("SOCK_DGRAM", IpProtocol.Udp)])
        {
            using var host = new TestHost("sockets");
            var program = host.StartPython($"""
                import socket
                l = socket.socket(socket.{family}, socket.{type}); l.bind(("{bound}", 7000))
                if {(protocol == IpProtocol.Tcp ? "True" : "False")}: l.listen()
                c = socket.socket(socket.{family}, socket.{type}); c.bind(("{bound}", 4711)); c.connect(("{bound}", 7000))
                print("ready", flush=True); input()
                """);
            var flow = Flow(protocol, shown, 4711, shown, 7000);

            Assert.True(host.In(() => Find(flow)), $"{flow} is there");
            Assert.Contains(host.In(() => List(protocol)), s => s.Flow == flow);
            Assert.False(host.In(() => Find(flow with { LocalPort = 4712 })), "another port is not");
            Assert.False(host.In(() => Find(Flow(protocol, shown, 7000, shown, 9))), "a listener is no connection");
            program.StandardInput.WriteLine();
            program.WaitForExit();
            Assert.DoesNotContain(host.In(() => List(protocol)), s => s.Flow == flow && s.State == SocketState.Established);
        }
    }

    [Fact]
    public void Proc_shows_the_same_udp_sockets_as_netlink()
    {
        using var host = new TestHost("sockets");
        host.StartPython("""
            import socket, time
            def connected(family, address, port):
                s = socket.socket(family, socket.SOCK_DGRAM); s.bind((address, port)); s.connect((address, 9)); return s
            keep = [connected(socket.AF_INET, "127.0.0.1", 4711), connected(socket.AF_INET6, "::1", 4712), connected(socket.AF_INET6, "::ffff:127.0.0.1", 4713)]
            print("ready", flush=True); time.sleep(60)
            """);
        var netlink = host.In(() => List(IpProtocol.Udp));
        var proc = host.In(() => ((bool[])[false, true]).SelectMany(ProcUdpSockets.Lines).Select(ProcUdpSockets.TryRead).OfType<SocketEntry>().ToList());

        Assert.Equal(3, proc.Count);
        Assert.Equal(netlink.OrderBy(s => s.Flow.LocalPort), proc.OrderBy(s => s.Flow.LocalPort));
    }

    private static List<SocketEntry> List(IpProtocol protocol)
    {
        using var table = new SocketTable();
        return table.List(protocol);
    }

    private static bool Find(FlowKey flow)
    {
        using var table = new SocketTable();
        return table.TryFind(flow, out _);
    }

    private static FlowKey Flow(IpProtocol protocol, string local, ushort localPort, string remote, ushort remotePort) =>
        new(protocol, InetAddress.Parse(local), localPort, InetAddress.Parse(remote), remotePort);
}
