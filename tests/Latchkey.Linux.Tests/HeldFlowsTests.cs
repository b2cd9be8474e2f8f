using Latchkey.Linux.Protection;
using Latchkey.Linux.Tests.Hosts;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Linux.Tests;

/// <summary>Single flows that stay inside although no protected selector covers them any more.</summary>
public sealed class HeldFlowsTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", "AF_INET")]
    [InlineData("2001:db8::1", "2001:db8::2", "AF_INET6")]
    public void L29_A_held_flow_passes_in_clear_in_neither_direction_and_others_of_the_same_hosts_do(string here, string there, string family)
    {
        using var pair = new ProtectedPair();
        FlowKey Flow(ushort port) => new(IpProtocol.Udp, InetAddress.Parse(here), port, InetAddress.Parse(there), 7000);
        pair.There.In(pair.ProtectionThere.Remove);
        pair.Here.In(() => pair.ProtectionHere.Apply([], held: [Flow(4711)]));

        // In: the held flow's datagram comes first, and the other one is the first to be received.
        var receiver = pair.Here.StartPython($"""
            import select, socket
            a = socket.socket(socket.{family}, socket.SOCK_DGRAM); a.bind(("{here}", 4711))
            b = socket.socket(socket.{family}, socket.SOCK_DGRAM); b.bind(("{here}", 4712))
            print("ready", flush=True)
            readable, _, _ = select.select([a, b], [], [])
            print(" ".join(s.recv(100).decode() for s in readable), flush=True)
            """);
        pair.There.Python($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.bind(("{there}", 7000))
            s.sendto(b"held", ("{here}", 4711)); s.sendto(b"free", ("{here}", 4712))
            """);
        Assert.Equal("free", receiver.NextLine());
        Assert.Equal(1ul, pair.Here.In(pair.ProtectionHere.ReadCounters)?.ClearIn);

        // Out: without the device the held flow has no way, and the other one has.
        pair.TunnelHere.Dispose();
        Assert.Equal("PermissionError", Send(4711));
        Assert.Equal("sent", Send(4712));
        Assert.Equal([Flow(4711)], pair.Here.In(() => TrafficProtection.KeptInside([Flow(4711), Flow(4712)], ProtectedPair.Settings)));

        pair.Here.In(() => pair.ProtectionHere.Hold([]));
        Assert.Equal("sent", Send(4711));
        Assert.Equal(1ul, pair.Here.In(pair.ProtectionHere.ReadCounters)?.ClearIn);

        string Send(int port) => pair.Here.Python($"""
            import socket
            s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.bind(("{here}", {port}))
            try:
                s.sendto(b"x", ("{there}", 7000))
                print("sent")
            except Exception as e:
                print(type(e).__name__)
            """);
    }

    [Fact]
    public void A_thousand_flows_can_be_held()
    {
        using var pair = new ProtectedPair();
        FlowKey[] flows = [.. Enumerable.Range(20_000, 1000).Select(port => new FlowKey(IpProtocol.Tcp, InetAddress.Parse("192.0.2.1"), (ushort)port, InetAddress.Parse("192.0.2.2"), 7000))];
        pair.Here.In(() => pair.ProtectionHere.Apply([], flows));
        Assert.Equal(1000, pair.Here.In(() => TrafficProtection.KeptInside(flows, ProtectedPair.Settings)).Count);
        Assert.Contains("20999", pair.Here.Sh("nft list set inet latchkey held_v4"), StringComparison.Ordinal);
    }
}
