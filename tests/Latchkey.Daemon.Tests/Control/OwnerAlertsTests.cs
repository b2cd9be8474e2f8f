using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>Events of a user's own connections: nobody else's, and in his hands before anything follows from them.</summary>
public sealed class OwnerAlertsTests : IAsyncDisposable
{
    private static readonly FlowKey Flow = FakeDaemon.Latch.Flow.ToKey();

    private readonly ControlFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FakeSockets Sockets => _fixture.Daemon.FakeSockets;

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task S12_When_the_engine_goes_on_the_alert_is_in_its_owners_hands()
    {
        Sockets.Connections.Add(Flow, new SocketOwner(0, 1));
        await _fixture.InitializeAsync();
        using var owner = await Listen();
        var last = _fixture.Daemon.Events.Publish(FakeDaemon.Broken).Seq;

        _fixture.Daemon.Alerts.AwaitDelivery(Flow, last);

        // Not awaited: it must be there already.
        var octets = new byte[8192];
        Assert.Contains("event: latch_broken", Encoding.UTF8.GetString(octets, 0, owner.Receive(octets, SocketFlags.None)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task S12_An_owner_who_does_not_read_is_dropped_and_holds_nobody_up_again()
    {
        Sockets.Connections.Add(Flow, new SocketOwner(0, 1));
        await _fixture.InitializeAsync();
        using var owner = await Listen();
        for (var i = 0; i < 3000; i++)
        {
            _fixture.Daemon.Events.Publish(FakeDaemon.Broken);
        }

        // Returning at all is what this test waits for.
        _fixture.Daemon.Alerts.AwaitDelivery(Flow, _fixture.Daemon.Events.Last);
        _fixture.Daemon.Alerts.AwaitDelivery(Flow, _fixture.Daemon.Events.Last);
        var octets = new byte[65536];
        while (await owner.ReceiveAsync(octets, Cancellation) > 0)
        {
            // What was on its way, and then the end.
        }
    }

    [Fact]
    public async Task S12_Owners_who_do_not_read_hold_the_engine_up_once_for_all_of_them_together()
    {
        var clock = new Clock();
        var alerts = new OwnerAlerts(new FakeSockets(), clock);
        var dropped = new List<string>();
        OwnerSubscription Listening(string name)
        {
            var subscription = alerts.Subscribe(1000, () => dropped.Add(name));
            subscription.Adopt([(7, Flow)]);
            return subscription;
        }

        using var deaf = Listening("deaf");
        using var quick = Listening("quick");
        using var deafToo = Listening("deaf too");
        quick.Delivered(5);
        var delivery = Task.Run(() => alerts.AwaitDelivery(Flow, 5), Cancellation);
        var (patience, end) = await Task.Run(() => clock.Alarms.Take(Cancellation), Cancellation);
        Assert.Equal(TimeSpan.FromMilliseconds(250), patience);
        Assert.False(delivery.IsCompleted);
        end();

        await delivery.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(["deaf", "deaf too"], dropped);
        Assert.Empty(clock.Alarms);
    }

    [Fact]
    public void Events_of_others_concern_nobody_else()
    {
        var sockets = new FakeSockets();
        sockets.Connections.Add(Flow, new SocketOwner(1000, 1));
        using var mine = new OwnerAlerts(sockets, TimeProvider.System).Subscribe(1000, () => { });
        using var theirs = new OwnerAlerts(sockets, TimeProvider.System).Subscribe(1001, () => { });

        Assert.True(mine.Concerns(FakeDaemon.Broken));
        Assert.False(theirs.Concerns(FakeDaemon.Broken));
        Assert.False(mine.Concerns(FakeDaemon.Mismatch));
    }

    [Fact]
    public void An_event_is_its_owners_even_when_the_socket_is_gone_by_then()
    {
        var sockets = new FakeSockets();
        using var mine = new OwnerAlerts(sockets, TimeProvider.System).Subscribe(1000, () => { });
        mine.Adopt([(7, Flow)]);

        Assert.True(mine.Concerns(FakeDaemon.Broken));
        Assert.True(mine.Concerns(FakeDaemon.Broken with { Event = "latch_released" }));
        Assert.False(mine.Concerns(FakeDaemon.Broken));
    }

    [Fact]
    public void L21_Who_listens_is_told_of_what_is_born_before_he_accepts_it()
    {
        var sockets = new FakeSockets();
        sockets.Listeners.Add(new ListenerKey(IpProtocol.Tcp, InetAddress.AnyV6, 7000), new SocketOwner(1000, 1));
        using var mine = new OwnerAlerts(sockets, TimeProvider.System).Subscribe(1000, () => { });
        using var theirs = new OwnerAlerts(sockets, TimeProvider.System).Subscribe(1001, () => { });
        EventReport born = FakeDaemon.Broken with { Event = "latch_established", State = "ESTABLISHED", Reason = null, Listener = 3 };

        Assert.True(mine.Concerns(born));
        Assert.False(theirs.Concerns(born));
        Assert.False(mine.Concerns(born with { Latch = 8, Listener = null }));
    }

    /// <summary>A client that listens, as root, whose own sockets are root's.</summary>
    private async Task<Socket> Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_fixture.Path), Cancellation);
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET /connections/events HTTP/1.1\r\nHost: x\r\n\r\n"), Cancellation);
        var (octets, text) = (new byte[4096], "");
        while (!text.Contains(": listening\n\n", StringComparison.Ordinal))
        {
            text += Encoding.ASCII.GetString(octets, 0, await socket.ReceiveAsync(octets, Cancellation));
        }

        return socket;
    }

    /// <summary>Time that passes when the test says so.</summary>
    private sealed class Clock : TimeProvider
    {
        /// <summary>What was asked for: in how long, and what then happens.</summary>
        public BlockingCollection<(TimeSpan After, Action Due)> Alarms { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Alarms.Add((dueTime, () => callback(state)));
            return new Alarm();
        }

        private sealed class Alarm : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
