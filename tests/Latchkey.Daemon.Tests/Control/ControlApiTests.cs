using System.Net;
using System.Net.Sockets;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>The control API over a real Unix socket.</summary>
public sealed class ControlApiTests : IAsyncDisposable
{
    private readonly ControlFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Every_user_may_connect_and_none_may_put_another_socket_in_its_place()
    {
        var path = Path.Combine(Path.GetDirectoryName(_fixture.Path)!, "run", "control.sock");
        await using var server = await ControlServer.StartAsync(path, _fixture.Daemon, NullLoggerFactory.Instance);

        Assert.Equal((UnixFileMode)Convert.ToInt32("666", 8), File.GetUnixFileMode(path));
        Assert.Equal((UnixFileMode)Convert.ToInt32("711", 8), File.GetUnixFileMode(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public async Task A_second_daemon_on_the_same_socket_is_refused()
    {
        await _fixture.InitializeAsync();

        var refusal = await Assert.ThrowsAsync<StartupException>(() => ControlServer.StartAsync(_fixture.Path, _fixture.Daemon, NullLoggerFactory.Instance));

        Assert.Contains(_fixture.Path, refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_a_killed_daemon_left_is_replaced()
    {
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Bound under one name and moved, so that closing it leaves the file behind as a kill does.
            left.Bind(new UnixDomainSocketEndPoint(_fixture.Path + ".x"));
            File.Move(_fixture.Path + ".x", _fixture.Path);
        }

        await _fixture.InitializeAsync();

        using var client = new ControlClient(_fixture.Path);
        Assert.Equal(1234, (await client.StatusAsync(Cancellation)).Pid);
    }

    [Fact]
    public async Task Every_question_is_answered_with_its_report()
    {
        await _fixture.InitializeAsync();
        using var client = new ControlClient(_fixture.Path);

        Assert.Equal("/etc/latchkey/latchkey.toml", (await client.StatusAsync(Cancellation)).Config);
        Assert.Equal(FakeDaemon.Latch, Assert.Single((await client.LatchesAsync(Cancellation)).Latches));
        Assert.Equal("r1", Assert.Single((await client.PeersAsync(Cancellation)).Peers).Name);
        Assert.Equal("0x0a0b0c0d", Assert.Single(Assert.Single((await client.SasAsync(Cancellation)).IkeSas).Children).InboundSpi);
        Assert.Null((await client.FingerprintAsync(null, Cancellation)).Name);
        Assert.Equal("r1", (await client.FingerprintAsync("r1", Cancellation)).Name);
        Assert.Equal(["app"], (await client.ExplainAsync("tcp 192.0.2.1:7000 192.0.2.7", Cancellation)).Entries);
    }

    [Fact]
    public async Task A_key_is_pinned_unpinned_and_forgotten_by_address()
    {
        await _fixture.InitializeAsync();
        using var client = new ControlClient(_fixture.Path);
        var used = (await client.PinAsync("2001:db8::7", null, false, Cancellation)).Key!;

        Assert.Equal(used, (await client.PinAsync("2001:db8::7", used, false, Cancellation)).Key);
        Assert.Equal("192.0.2.7", (await client.ForgetAsync("192.0.2.7", Cancellation)).Address);
        var refusal = await Assert.ThrowsAsync<ControlException>(() => client.UnpinAsync("192.0.2.7", Cancellation));
        Assert.Contains("no key is pinned to 192.0.2.7", refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S9a_Another_key_than_the_one_in_use_is_pinned_only_when_its_connections_may_be_closed()
    {
        await _fixture.InitializeAsync();
        using var client = new ControlClient(_fixture.Path);
        var wrong = new KeyFingerprint([.. Enumerable.Repeat((byte)9, 32)]).ToString();

        var refusal = await Assert.ThrowsAsync<ControlException>(() => client.PinAsync("192.0.2.7", wrong, false, Cancellation));
        Assert.Contains("--close", refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, (await client.PinAsync("192.0.2.7", wrong, true, Cancellation)).Closed);
    }

    [Theory]
    [InlineData("192.0.2", null)]
    [InlineData("192.0.2.0%2F24", null)]
    [InlineData("r1", null)]
    [InlineData("192.0.2.7", "SHA256:short")]
    [InlineData("192.0.2.7", "")]
    public async Task What_is_no_address_or_no_key_is_not_pinned(string address, string? key)
    {
        await _fixture.InitializeAsync();
        using var client = new ControlClient(_fixture.Path);

        await Assert.ThrowsAsync<ControlException>(() => client.PinAsync(address, key, false, Cancellation));
    }

    [Fact]
    public async Task A_latch_is_closed_by_its_number()
    {
        await _fixture.InitializeAsync();
        using var client = new ControlClient(_fixture.Path);

        Assert.True((await client.CloseLatchAsync(7, Cancellation)).Closed);
        Assert.Equal([new LatchId(7)], _fixture.Daemon.Closed);
        var refusal = await Assert.ThrowsAsync<ControlException>(() => client.CloseLatchAsync(8, Cancellation));
        Assert.Contains("no live latch 8", refusal.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /nothing", HttpStatusCode.NotFound, "there is no GET /nothing")]
    [InlineData("GET /latches/7/close", HttpStatusCode.NotFound, "there is no GET /latches/7/close")]
    [InlineData("POST /latches/x/close", HttpStatusCode.BadRequest, "named by its number")]
    [InlineData("GET /fingerprint?peer=nobody", HttpStatusCode.NotFound, "no peer 'nobody'")]
    [InlineData("GET /explain", HttpStatusCode.BadRequest, "a flow is written")]
    [InlineData("GET /explain?flow=tcp+1.2.3", HttpStatusCode.BadRequest, "'1.2.3' is not an address")]
    [InlineData("GET /events?after=x", HttpStatusCode.BadRequest, "not the number of an event")]
    public async Task A_wrong_request_is_refused_with_its_reason(string request, HttpStatusCode status, string reason)
    {
        await _fixture.InitializeAsync();

        var answer = await Raw($"{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {(int)status}", answer, StringComparison.Ordinal);
        Assert.Contains(reason, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rubbish\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /status HTTP/1.1\r\n\r\n", "HTTP/1.1 400")]
    public async Task Rubbish_is_refused(string request, string answer)
    {
        await _fixture.InitializeAsync();

        Assert.StartsWith(answer, await Raw(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_long_a_request_is_refused()
    {
        await _fixture.InitializeAsync();

        Assert.StartsWith("HTTP/1.1 414", await Raw($"GET /{new string('x', 3000)} HTTP/1.1\r\nHost: x\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Past_events_are_answered_and_the_answer_ends()
    {
        await _fixture.InitializeAsync();
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken);
        _fixture.Daemon.Events.Publish(FakeDaemon.Mismatch);
        using var client = new ControlClient(_fixture.Path);

        var events = await client.EventsAsync(follow: false, Cancellation).ToListAsync(Cancellation);

        Assert.Equal([(1, "latch_broken"), (2, "proposal_mismatch")], events.Select(e => (e.Seq, e.Event)));
        Assert.Equal(FakeDaemon.Broken with { Seq = 1 }, events[0]);
    }

    [Fact]
    public async Task Events_are_followed_as_they_come_until_the_daemon_stops()
    {
        await _fixture.InitializeAsync();
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken);
        using var client = new ControlClient(_fixture.Path);
        await using var events = client.EventsAsync(follow: true, Cancellation).GetAsyncEnumerator(Cancellation);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(1, events.Current.Seq);
        _fixture.Daemon.Events.Publish(FakeDaemon.Mismatch);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(2, events.Current.Seq);
        await _fixture.StopAsync();
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task An_event_stream_is_what_curl_shows()
    {
        await _fixture.InitializeAsync();
        _fixture.Daemon.Events.Publish(FakeDaemon.Broken);

        var answer = await Raw("GET /events?follow=false HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Contains("Content-Type: text/event-stream", answer, StringComparison.Ordinal);
        Assert.Contains("id: 1\nevent: latch_broken\ndata: {\"seq\":1,\"event\":\"latch_broken\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_daemon_the_remedy_is_to_start_one()
    {
        using var client = new ControlClient(_fixture.Path);
        await _fixture.InitializeAsync();
        await _fixture.StopAsync();

        var refusal = await Assert.ThrowsAsync<ControlException>(() => client.StatusAsync(Cancellation));

        Assert.Contains("no daemon answers", refusal.Problem, StringComparison.Ordinal);
        Assert.Contains("latchkey run", refusal.Remedy, StringComparison.Ordinal);
    }

    private async Task<string> Raw(string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_fixture.Path), Cancellation);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancellation);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
