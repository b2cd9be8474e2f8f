using Latchkey.Crypto;
using Latchkey.Daemon.Hosting;
using Latchkey.Latching;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

public class SocketCensusTests
{
    private static readonly InetAddress Here = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress There = InetAddress.Parse("192.0.2.7");
    private static readonly FlowKey Tcp = new(IpProtocol.Tcp, Here, 7000, There, 40000);
    private static readonly FlowKey Udp = new(IpProtocol.Udp, Here, 53, There, 40000);

    [Fact]
    public void L34_A_flow_loses_its_latch_when_its_socket_is_missing_twice_in_a_row()
    {
        var census = new SocketCensus();

        Assert.Empty(census.Look([Tcp], []));
        Assert.Empty(census.Look([Tcp], [Socket(Tcp, SocketState.Established)]));
        Assert.Empty(census.Look([Tcp], []));
        Assert.Equal([Tcp], census.Look([Tcp], []));
    }

    [Fact]
    public void A_socket_in_any_state_keeps_its_flow()
    {
        var census = new SocketCensus();
        foreach (var state in Enum.GetValues<SocketState>())
        {
            Assert.Empty(census.Look([Tcp], [Socket(Tcp, state)]));
        }
    }

    [Fact]
    public void An_unconnected_UDP_socket_keeps_all_flows_of_its_port()
    {
        var census = new SocketCensus();
        var server = Socket(Udp with { Local = InetAddress.AnyV4, Remote = InetAddress.AnyV4, RemotePort = 0 }, SocketState.Close);

        Assert.Empty(census.Look([Udp], [server]));
        Assert.Empty(census.Look([Udp], [server]));
        Assert.Empty(census.Look([Udp with { LocalPort = 54 }], [server]));
        Assert.Equal([Udp with { LocalPort = 54 }], census.Look([Udp with { LocalPort = 54 }], [server]));
    }

    [Fact]
    public void Flows_of_protocols_without_sockets_are_never_said_to_be_gone()
    {
        var census = new SocketCensus();
        var ping = new FlowKey(IpProtocol.Icmp, Here, 0, There, 0);

        Assert.Empty(census.Look([ping], []));
        Assert.Empty(census.Look([ping], []));
    }

    [Fact]
    public void L14_Of_the_latches_of_an_earlier_daemon_those_live_whose_sockets_do()
    {
        var gone = Tcp with { RemotePort = 40001 };
        var server = Socket(Udp with { Local = InetAddress.AnyV4, Remote = InetAddress.AnyV4, RemotePort = 0 }, SocketState.Close);

        var living = SocketCensus.Living([Record(Tcp), Record(gone), Record(Udp)], [Socket(Tcp, SocketState.CloseWait), server]);

        Assert.Equal([Tcp, Udp], living.Select(latch => latch.Flow));
    }

    [Fact]
    public void Listeners_are_listening_TCP_and_unconnected_UDP_sockets()
    {
        var listening = Socket(Tcp with { Remote = InetAddress.AnyV4, RemotePort = 0 }, SocketState.Listen);
        var server = Socket(Udp with { Remote = InetAddress.AnyV4, RemotePort = 0 }, SocketState.Close);
        SocketEntry[] sockets = [listening, server, Socket(Tcp, SocketState.Established), Socket(Udp, SocketState.Established)];

        Assert.Equal([new ListenerKey(IpProtocol.Tcp, Here, 7000), new ListenerKey(IpProtocol.Udp, Here, 53)], SocketCensus.Listeners(sockets));
        Assert.Equal([Tcp, Udp], SocketCensus.Connections(sockets));
    }

    [Theory]
    [InlineData(SocketState.SynSent)]
    [InlineData(SocketState.SynReceived)]
    [InlineData(SocketState.NewSynReceived)]
    [InlineData(SocketState.TimeWait)]
    public void A_connection_that_is_not_yet_or_no_more_is_no_orphan(SocketState state) =>
        Assert.Empty(SocketCensus.Connections([Socket(Tcp, state)]));

    private static SocketEntry Socket(FlowKey flow, SocketState state) => new(flow, state, 0, 1);

    private static LatchRecord Record(FlowKey flow)
    {
        var key = new KeyFingerprint(new byte[32]);
        return new LatchRecord(
            flow, "app", new ChannelParameters(flow.Local, flow.Remote, key, key, ProtectionType.ConfidentialityAndIntegrity, SaMode.Transport, new QualityOfProtection(Algorithms.Aeads[0], Esn: true)),
            LatchState.Established);
    }
}
