using Latchkey.Daemon.Control;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>What a program of another user may ask over the real socket, and what it may not.</summary>
public sealed class ConnectionApiTests : IAsyncDisposable
{
    private const string Own = "/connection?flow=tcp+192.0.2.1:7000+192.0.2.7:40000";
    private const string Foreign = "/connection?flow=tcp+192.0.2.1:7000+192.0.2.7:40001";

    private static readonly FlowKey OwnFlow = FakeDaemon.Latch.Flow.ToKey();

    private readonly ControlFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData("GET /status")]
    [InlineData("GET /latches")]
    [InlineData("GET /peers")]
    [InlineData("GET /sas")]
    [InlineData("GET /events")]
    [InlineData("GET /explain?flow=192.0.2.7")]
    [InlineData("POST /latches/7/close")]
    [InlineData("GET /nothing")]
    public async Task What_is_not_about_a_users_own_sockets_is_roots_alone(string request)
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, request, "", Cancellation);

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
        Assert.Contains("is for root, and you are user 65534", answer, StringComparison.Ordinal);
        Assert.Empty(_fixture.Daemon.Closed);
    }

    [Fact]
    public async Task L6_L7_A_user_inquires_his_own_connection()
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, $"GET {Own}", "", Cancellation);

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("\"latched\":true", answer, StringComparison.Ordinal);
        Assert.Contains("\"channel_bindings\":{\"end_point\":", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "", "403", "belongs to user 1000, and you are user 65534")]
    [InlineData("POST", """{"disposition":"wait"}""", "403", "belongs to user 1000")]
    public async Task L10_Another_users_socket_is_refused(string method, string body, string status, string reason)
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, $"{method} {Foreign}", body, Cancellation);

        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        Assert.Contains(reason, answer, StringComparison.Ordinal);
        Assert.Empty(_fixture.Daemon.Granted);
    }

    [Fact]
    public async Task A_connection_that_no_process_holds_is_nobodys()
    {
        await Start();

        Assert.StartsWith("HTTP/1.1 404", await Nobody.Ask(_fixture.Path, "GET /connection?flow=tcp+192.0.2.1:1+192.0.2.7:2", "", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task L44_S12_A_user_chooses_the_disposition_of_his_own_connection()
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, $"POST {Own}", """{"disposition":"wait","narrow":true,"min_key_bits":256,"esn":true}""", Cancellation);

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        var (flow, user, held, wishes) = Assert.Single(_fixture.Daemon.Granted);
        Assert.Equal((OwnFlow, Nobody.User, true), (flow, user, held));
        Assert.Equal(new FlowWishes { Disposition = Disposition.Wait, Narrow = true, MinimumKeyBits = 256, DemandEsn = true }, wishes);
    }

    [Fact]
    public async Task L31_What_is_asked_before_a_connection_is_made_counts_for_that_user_alone()
    {
        await Start();

        await Nobody.Ask(_fixture.Path, "POST /connection?flow=tcp+0.0.0.0:5000+192.0.2.7:7000", """{"disposition":"wait"}""", Cancellation);

        var (flow, user, held, _) = Assert.Single(_fixture.Daemon.Granted);
        Assert.Equal((5000, Nobody.User, false), (flow.LocalPort, user, held));
    }

    [Fact]
    public async Task L42_What_the_daemon_refuses_is_a_conflict_with_a_remedy()
    {
        await Start();
        _fixture.Daemon.Refusal = "no [[protect]] entry covers it";

        var answer = await Nobody.Ask(_fixture.Path, $"POST {Own}", """{"narrow":true}""", Cancellation);

        Assert.StartsWith("HTTP/1.1 409", answer, StringComparison.Ordinal);
        Assert.Contains("no [[protect]] entry covers it", answer, StringComparison.Ordinal);
        Assert.Contains("is the operator's to say", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"disposition\":\"perhaps\"}")]
    [InlineData("{\"disposition\":3}")]
    [InlineData("{\"dispositoin\":\"wait\"}")]
    [InlineData("{\"narrow\":\"yes\"}")]
    [InlineData("{\"min_key_bits\":-1}")]
    [InlineData("{\"min_key_bits\":99999999999}")]
    [InlineData("{\"peer_key\":\"SHA256:x\"}")]
    public async Task A_wish_that_is_not_understood_is_refused_and_nothing_of_it_granted(string body)
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, $"POST {Own}", body, Cancellation);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("\"remedy\":\"send for example", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Latchkey.Daemon", answer, StringComparison.Ordinal);
        Assert.Empty(_fixture.Daemon.Granted);
    }

    [Theory]
    [InlineData("GET /connection")]
    [InlineData("GET /connection?flow=192.0.2.7")]
    [InlineData("GET /connection?flow=tcp+192.0.2.1:7000+192.0.2.7")]
    [InlineData("GET /listener")]
    [InlineData("GET /listener?socket=tcp+7000")]
    [InlineData("GET /listener?socket=0.0.0.0:7000")]
    public async Task A_question_that_names_no_socket_is_refused(string request)
    {
        await Start();

        Assert.StartsWith("HTTP/1.1 400", await Nobody.Ask(_fixture.Path, request, "", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_long_a_body_is_refused()
    {
        await Start();

        var answer = await Nobody.Ask(_fixture.Path, $"POST {Own}", new string('x', 5000), Cancellation);

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("\"remedy\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task L21_L44_The_owner_of_a_listener_inquires_it_and_chooses_for_what_is_born_from_it()
    {
        await Start();
        var key = new ListenerKey(IpProtocol.Tcp, InetAddress.AnyV4, 7000);
        _fixture.Daemon.FakeSockets.Listeners.Add(key, new SocketOwner(Nobody.User, 11));
        _fixture.Daemon.FakeSockets.Listeners.Add(key with { LocalPort = 7001 }, new SocketOwner(1000, 12));

        Assert.StartsWith("HTTP/1.1 200", await Nobody.Ask(_fixture.Path, "POST /listener?socket=tcp+0.0.0.0:7000", """{"disposition":"failover"}""", Cancellation), StringComparison.Ordinal);
        Assert.Contains("LISTENER", await Nobody.Ask(_fixture.Path, "GET /listener?socket=tcp+0.0.0.0:7000", "", Cancellation), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await Nobody.Ask(_fixture.Path, "POST /listener?socket=tcp+0.0.0.0:7001", "{}", Cancellation), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404", await Nobody.Ask(_fixture.Path, "POST /listener?socket=tcp+0.0.0.0:7002", "{}", Cancellation), StringComparison.Ordinal);
        Assert.Equal((key, new FlowWishes { Disposition = Disposition.Failover }), Assert.Single(_fixture.Daemon.GrantedToListeners));
    }

    private async Task Start()
    {
        _fixture.Daemon.FakeSockets.Connections.Add(OwnFlow, new SocketOwner(Nobody.User, 1));
        _fixture.Daemon.FakeSockets.Connections.Add(OwnFlow with { RemotePort = 40001 }, new SocketOwner(1000, 2));
        await _fixture.InitializeAsync();
    }
}
