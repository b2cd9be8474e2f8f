using System.Net.Sockets;
using System.Text;
using Latchkey.Daemon.Control;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>Crowds at the control socket: idle, slow, abandoned, busy. Whoever has something to ask is answered.</summary>
public sealed class CrowdTests : IAsyncDisposable
{
    private readonly ControlFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task A_thousand_idle_clients_of_root_do_not_keep_root_out()
    {
        await _fixture.InitializeAsync();
        var idle = new List<Socket>();
        for (var i = 0; i < 1000; i++)
        {
            idle.Add(await Connect());
        }

        using var client = new ControlClient(_fixture.Path);
        Assert.Equal(1234, (await client.StatusAsync(Cancellation)).Pid);
        idle.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task A_thousand_idle_clients_of_a_user_keep_neither_root_nor_himself_out()
    {
        await _fixture.InitializeAsync();
        using var crowd = await Nobody.Run(_fixture.Path, "crowd = [connect() for _ in range(1000)]", Cancellation);

        using var client = new ControlClient(_fixture.Path);
        Assert.Equal(1234, (await client.StatusAsync(Cancellation)).Pid);
        Assert.StartsWith("HTTP/1.1 404", await Nobody.Ask(_fixture.Path, "GET /connection?flow=tcp+192.0.2.1:1+192.0.2.7:2", "", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_whose_connections_are_all_busy_is_told_so()
    {
        await _fixture.InitializeAsync();
        using var busy = await Nobody.Run(
            _fixture.Path,
            $"""
            busy = [connect() for _ in range({ConnectionShares.OfOneUser})]
            for s in busy: s.sendall(b"GET /connections/events HTTP/1.1\r\nHost: x\r\n\r\n")
            for s in busy: s.recv(1)
            """,
            Cancellation);

        var answer = await Nobody.Ask(_fixture.Path, "GET /connection", "", Cancellation);

        Assert.StartsWith("HTTP/1.1 503", answer, StringComparison.Ordinal);
        Assert.Contains("all of them are busy", answer, StringComparison.Ordinal);
        using var client = new ControlClient(_fixture.Path);
        Assert.Equal(1234, (await client.StatusAsync(Cancellation)).Pid);
    }

    [Fact]
    public async Task Half_a_request_and_no_more_disturbs_nobody()
    {
        await _fixture.InitializeAsync();
        for (var i = 0; i < 300; i++)
        {
            using var abandoned = await Connect();
            await abandoned.SendAsync(Encoding.ASCII.GetBytes("POST /latches/7/close HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"[..(10 + (i % 50))]), Cancellation);
        }

        using var client = new ControlClient(_fixture.Path);
        Assert.Equal(1234, (await client.StatusAsync(Cancellation)).Pid);
    }

    private async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_fixture.Path), Cancellation);
        return socket;
    }
}
