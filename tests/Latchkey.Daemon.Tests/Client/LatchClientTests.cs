using System.Net;
using System.Net.Sockets;
using Latchkey.Client;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;
using Latchkey.Daemon.Tests.Control;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;
using Disposition = Latchkey.Client.Disposition;

namespace Latchkey.Daemon.Tests.Client;

/// <summary>The package against the real control API.</summary>
public sealed class LatchClientTests : IAsyncDisposable
{
    private readonly ControlFixture _fixture = new();
    private readonly Socket _listener = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private Socket? _accepted;
    private LatchClient? _client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _accepted?.Dispose();
        _socket.Dispose();
        _listener.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task L6_A_socket_is_named_by_its_addresses_IPv4_as_IPv4()
    {
        var client = await Start();

        var atClient = await client.GetLatchAsync(_socket, Cancellation);
        var atServer = await client.GetLatchAsync(_accepted!, Cancellation);

        Assert.Equal(("127.0.0.1", "127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port), (atClient.Flow.Local, atClient.Flow.Remote, atClient.Flow.RemotePort));
        Assert.Equal((atClient.Flow.Remote, atClient.Flow.RemotePort), (atServer.Flow.Local, atServer.Flow.LocalPort));
        Assert.False(atClient.Latched);
    }

    [Fact]
    public async Task L7_L48_Everything_of_a_latch_is_read()
    {
        var client = await Start();
        _fixture.Daemon.Answer = FakeDaemon.Connection;

        var latch = await client.GetLatchAsync(_socket, Cancellation);

        Assert.True(latch.Latched);
        Assert.Equal(("ESTABLISHED", "close"), (latch.State!.State, latch.State.Disposition));
        Assert.Equal(("Ed25519", "r1", 44), (latch.Peer!.Algorithm, latch.Peer.Name, latch.Peer.Spki.Length));
        Assert.Equal(("digital signature", "known"), (latch.Authentication!.Method, latch.Authentication.Trust));
        Assert.Equal((256, true, false), (latch.Quality!.KeyBits, latch.Quality.Esn, latch.Quality.Narrow));
        Assert.StartsWith("x-latchkey-ipsec-unique:", System.Text.Encoding.UTF8.GetString(latch.ChannelBindings!.Unique), StringComparison.Ordinal);
    }

    [Fact]
    public async Task L10_L33_A_latch_that_is_demanded_and_not_there_is_an_exception()
    {
        var client = await Start();

        var refusal = await Assert.ThrowsAsync<LatchException>(() => client.DemandAsync(_socket, new LatchDemand { Latched = true }, Cancellation));

        Assert.Contains("is not latched", refusal.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Remedy);
        Assert.Empty(_fixture.Daemon.Granted);
    }

    [Fact]
    public async Task L31_L44_Demands_reach_the_daemon_as_they_were_said()
    {
        var client = await Start();
        using var fresh = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        fresh.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));

        await client.DemandAsync(_socket, new LatchDemand { Disposition = Disposition.Failover, Narrow = true }, Cancellation);
        await client.ExpectLatchAsync(fresh, new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.7"), 7000), new LatchDemand { MinKeyBits = 256, Esn = true }, Cancellation);
        await client.DemandOfListenerAsync(_listener, new LatchDemand { Disposition = Disposition.Wait }, Cancellation);

        Assert.Equal(new FlowWishes { Disposition = Latching.Disposition.Failover, Narrow = true }, _fixture.Daemon.Granted[0].Wishes);
        Assert.Equal((InetAddress.AnyV4, InetAddress.Parse("192.0.2.7")), (_fixture.Daemon.Granted[1].Flow.Local, _fixture.Daemon.Granted[1].Flow.Remote));
        Assert.Equal(new FlowWishes { MinimumKeyBits = 256, DemandEsn = true }, _fixture.Daemon.Granted[1].Wishes);
        Assert.Equal(new FlowWishes { Disposition = Latching.Disposition.Wait }, Assert.Single(_fixture.Daemon.GrantedToListeners).Wishes);
        Assert.Equal("LISTENER", (await client.GetListenerLatchAsync(_listener, Cancellation)).State);
    }

    [Fact]
    public async Task S12_Events_come_as_they_happen()
    {
        var client = await Start();
        var ready = new TaskCompletionSource();
        await using var events = client.EventsAsync(ready.SetResult, Cancellation).GetAsyncEnumerator(Cancellation);
        var first = events.MoveNextAsync().AsTask();
        await ready.Task.WaitAsync(Cancellation);
        var flow = Flow(_socket);
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken with { Latch = 8, Flow = FlowReport.From(flow with { LocalPort = 1 }) });
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken with { Flow = FlowReport.From(flow) });

        Assert.True(await first);
        Assert.Equal((2, "latch_broken", "BROKEN", "PeerReplaced"), (events.Current.Seq, events.Current.Event, events.Current.State, events.Current.Reason));
        Assert.Equal(flow.LocalPort, events.Current.Flow!.LocalPort);
    }

    [Fact]
    public async Task Without_a_daemon_the_exception_says_so()
    {
        var client = await Start();
        await _fixture.StopAsync();

        Assert.Contains("no Latchkey daemon answers", (await Assert.ThrowsAsync<LatchException>(() => client.GetLatchAsync(_socket, Cancellation))).Problem, StringComparison.Ordinal);
    }

    private async Task<LatchClient> Start()
    {
        _listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        _listener.Listen();
        await _socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)_listener.LocalEndPoint!).Port), Cancellation);
        _accepted = await _listener.AcceptAsync(Cancellation);
        _fixture.Daemon.FakeSockets.Connections.Add(Flow(_socket), new SocketOwner(0, 1));
        _fixture.Daemon.FakeSockets.Connections.Add(Flow(_accepted), new SocketOwner(0, 2));
        _fixture.Daemon.FakeSockets.Listeners.Add(new ListenerKey(IpProtocol.Tcp, InetAddress.AnyV6, (ushort)((IPEndPoint)_listener.LocalEndPoint!).Port), new SocketOwner(0, 3));
        await _fixture.InitializeAsync();
        return _client = new LatchClient(_fixture.Path);
    }

    private static FlowKey Flow(Socket socket) => new(
        IpProtocol.Tcp, InetAddress.Parse("127.0.0.1"), (ushort)((IPEndPoint)socket.LocalEndPoint!).Port, InetAddress.Parse("127.0.0.1"), (ushort)((IPEndPoint)socket.RemoteEndPoint!).Port);
}
