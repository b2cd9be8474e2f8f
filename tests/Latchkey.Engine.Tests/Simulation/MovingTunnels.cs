using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// C, a mobile host, has its tunnel to W from whichever of its outer addresses it has (RFC 4555). Its latches stay; what is
/// tied to an address itself ends with it.
/// </summary>
public sealed class MovingTunnels : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly InetAddress AtW = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress Home = InetAddress.Parse("192.0.2.2");
    private static readonly InetAddress Abroad = InetAddress.Parse("198.51.100.2");
    private static readonly InetAddress Forbidden = InetAddress.Parse("203.0.113.2");
    private static readonly AddressPair Inner = new(InetAddress.Parse("10.1.0.1"), InetAddress.Parse("10.2.0.7"));

    private static readonly ProtectEntry OfW = Standard.Service with
    {
        Name = "tunnel",
        Local = Prefix("10.1.0.0/16"),
        Remote = Prefix("10.2.0.0/16"),
        Tunnel = new AddressPair(AtW, Home) { Moves = true },
        OtherRemote = [Prefix("198.51.100.0/24")],
    };

    private static readonly ProtectEntry OfC = Standard.Service with
    {
        Name = "tunnel",
        Local = Prefix("10.2.0.0/16"),
        Remote = Prefix("10.1.0.0/16"),
        Tunnel = new AddressPair(Home, AtW) { Moves = true },
        OtherLocal = [Abroad, Forbidden],
    };

    private static readonly ProtectEntry Direct = Standard.Service with { Local = Prefix("192.0.2.0/24"), Remote = Prefix("192.0.2.0/24") };

    private readonly World _world;

    public MovingTunnels()
    {
        _world = new World(new WorldPlan(
            Seed: 1,
            [
                new HostPlan("W", AtW, 0, RunsLatchkey: true, new SecurityPolicy([OfW, Direct], [])),
                new HostPlan("C", Inner.Remote, 1, RunsLatchkey: true, new SecurityPolicy([OfC, Direct], [])),
                new HostPlan("D", InetAddress.Parse("192.0.2.3"), 2, RunsLatchkey: true, new SecurityPolicy([OfC, Direct], [])),
            ],
            NetworkQuality.Perfect,
            Standard.Engine));
        W.Boot();
        C.Boot();
        W.TakeOver(Inner.Local);
        C.TakeOver(Home);
    }

    private SimulatedHost W => _world.Host("W");

    private SimulatedHost C => _world.Host("C");

    private SimulatedHost D => _world.Host("D");

    [Fact]
    public void L12_A_peer_that_moves_keeps_its_latches()
    {
        var (here, there) = Connect();
        var channels = (ChannelOf(W, there), ChannelOf(C, here));
        C.Move(Home, Abroad);
        Exchange(here, there);
        Assert.Equal(channels, (ChannelOf(W, there), ChannelOf(C, here)));
        Assert.Equal(Abroad, Assert.Single(W.Daemon!.Engine.Sas()).Remote.Address);
        var moved = Assert.Single(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved);
        Assert.Equal(("PeerMoved", Home, Abroad), (moved.Reason, moved.Moved!.FromRemote.Address, moved.Moved.ToRemote.Address));
        Assert.Equal("LocalAddressChanged", Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.ChannelMoved).Reason);
        AssertUnbroken();
        Assert.Equal(Abroad, W.Daemon.Engine.Inquire(there.Flow)!.Outer!.Remote.Address);
    }

    [Fact]
    public void Further_connections_begin_where_the_peer_is_now()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        var second = W.Sockets.Connect(Inner.Local, Inner.Remote);
        second.Write(700);
        Assert.True(_world.RunUntil(() => _world.Socket(second.Peer)?.Read == 700, Soon), Trace());
        Assert.Single(W.Daemon!.Engine.Sas());
    }

    [Fact]
    public void A_tunnel_returns_to_the_better_address_when_it_is_back()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        C.TakeOver(Home);
        Assert.True(_world.RunUntil(() => W.Daemon!.Engine.Sas().All(sa => sa.Remote.Address == Home), Soon), Trace());
        C.Move(Abroad, Forbidden);
        Exchange(here, there);
        AssertUnbroken();
    }

    /// <summary>Whoever began the IKE SA decides where it goes; a host that did not calls from its new address, and is the same peer.</summary>
    [Fact]
    public void A_host_that_did_not_begin_the_IKE_SA_goes_on_under_a_new_one()
    {
        var there = W.Sockets.Connect(Inner.Local, Inner.Remote);
        there.Write(100);
        Assert.True(_world.RunUntil(() => _world.Socket(there.Peer)?.Read == 100, Soon), Trace());
        var channel = ChannelOf(W, there);
        C.Move(Home, Abroad);
        Exchange(_world.Socket(there.Peer)!, there);
        Assert.Equal(channel, ChannelOf(W, there));
        AssertUnbroken();
    }

    /// <summary>RFC 4555 §3.4: the host that has the addresses does not know that the way to one of them is dead.</summary>
    [Fact]
    public void Who_began_the_IKE_SA_finds_the_peer_at_another_of_its_addresses_when_it_falls_silent()
    {
        C.TakeOver(Abroad);
        var there = W.Sockets.Connect(Inner.Local, Inner.Remote);
        there.Write(100);
        Assert.True(_world.RunUntil(() => _world.Socket(there.Peer)?.Read == 100, Soon), Trace());
        _world.Network.Unclaim(Home, C);
        Exchange(_world.Socket(there.Peer)!, there);
        Assert.Equal(Abroad, Assert.Single(W.Daemon!.Engine.Sas()).Remote.Address);
        AssertUnbroken();
    }

    [Fact]
    public void S3_Who_gets_the_old_address_gets_nothing()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        D.TakeOver(Home);
        D.TakeOver(Inner.Remote);
        D.Boot();
        D.Sockets.Connect(Inner.Remote, Inner.Local);
        _world.RunFor(Soon);
        Exchange(here, there);
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.ChildNarrowed or EventKind.ChildRefused, Reason: "OldPeerAlive" });
        AssertUnbroken();
    }

    [Fact]
    public void S3_L28_Who_is_at_the_old_address_when_the_peer_is_gone_for_good_breaks_its_latches()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        C.Detach();
        D.TakeOver(Home);
        D.TakeOver(Inner.Remote);
        D.Boot();
        D.Sockets.Connect(Inner.Remote, Inner.Local);
        Assert.True(_world.RunUntil(() => !there.IsOpen, Soon), Trace());
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void What_policy_does_not_name_is_no_place_to_move_to_and_the_application_is_told()
    {
        var (here, _) = Connect();
        C.Move(Home, Forbidden);
        Assert.True(_world.RunUntil(() => !here.IsOpen, Soon), Trace());
        Assert.Equal(SocketOutcome.Reset, here.Outcome);
        Assert.Equal(nameof(BreakReason.LocalAddressLost), Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
        var refused = Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused);
        Assert.Equal((Home, "UnacceptableAddresses"), (refused.PeerAddress, refused.Reason));
        Assert.Contains(refused.Details!, line => line.Contains("outer_remote = [\"192.0.2.2\", \"198.51.100.0/24\", \"203.0.113.2\"]", StringComparison.Ordinal));
        Assert.DoesNotContain(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved);
    }

    [Fact]
    public void A_host_whose_best_address_is_refused_goes_on_from_the_next()
    {
        C.ChangePolicy(new SecurityPolicy([OfC with { OtherLocal = [Forbidden, Abroad] }, Direct], []));
        var (here, there) = Connect();
        C.TakeOver(Abroad);
        C.Move(Home, Forbidden);
        Exchange(here, there);
        Assert.Contains(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused);
        Assert.Equal(Abroad, Assert.Single(W.Daemon.Engine.Sas()).Remote.Address);
        AssertUnbroken();
    }

    [Fact]
    public void A_peer_must_be_known_where_it_moves_to()
    {
        W.ChangePolicy(new SecurityPolicy([OfW with { Trust = TrustLevel.Known }, Direct], [Standard.Known("C", 1, Home)]));
        var (here, _) = Connect();
        C.Move(Home, Abroad);
        Assert.True(_world.RunUntil(() => !here.IsOpen, Soon), Trace());
        Assert.Contains("'C' owns 192.0.2.2", Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void L28_With_no_address_left_the_latches_break()
    {
        var (here, _) = Connect();
        C.GiveBack();
        Assert.True(_world.RunUntil(() => !here.IsOpen, Soon), Trace());
        Assert.Equal(nameof(BreakReason.LocalAddressLost), Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
        Assert.Empty(C.Daemon.Engine.Sas());
    }

    [Fact]
    public void L28_A_transport_mode_connection_of_the_same_host_does_not_move_and_is_reset_at_once()
    {
        var (here, there) = Connect();
        var direct = C.Sockets.Connect(Home, AtW);
        direct.Write(100);
        Assert.True(_world.RunUntil(() => _world.Socket(direct.Peer)?.Read == 100, Soon), Trace());
        Assert.Equal(2, W.Daemon!.Engine.Sas().Count);
        C.Move(Home, Abroad);
        Assert.True(_world.RunUntil(() => !direct.IsOpen, TimeSpan.FromSeconds(1)), Trace());
        Assert.Equal(SocketOutcome.Reset, direct.Outcome);
        Exchange(here, there);
        Assert.Equal(direct.Flow, Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Flow);
        _world.Socket(direct.Peer)!.Write(50);
        _world.RunFor(Soon);
        Assert.DoesNotContain(W.Daemon.Engine.Sas(), sa => sa.Remote.Address == Abroad && sa.Children.Any(c => c.Selectors.Contains("192.0.2", StringComparison.Ordinal)));
    }

    [Fact]
    public void S15_A_restarted_daemon_goes_on_with_a_tunnel_that_has_moved()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        W.KillDaemon();
        W.StartDaemon();
        Exchange(here, there);
        C.KillDaemon();
        C.StartDaemon();
        Exchange(here, there);
        AssertUnbroken();
    }

    [Fact]
    public void L29_C5_A_tunnel_that_may_not_be_where_it_is_any_more_ends_there()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        W.ChangePolicy(new SecurityPolicy([OfW with { OtherRemote = [Prefix("203.0.113.0/24")] }, Direct], []));
        _world.RunFor(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(W.Daemon!.Engine.Sas(), sa => sa.Remote.Address == Abroad && sa.State == "established");
    }

    /// <summary>A tunnel has one peer, wherever that is first seen: the pin is its first address's.</summary>
    [Fact]
    public void S9_First_use_pins_the_tunnel_and_not_the_place()
    {
        W.ChangePolicy(new SecurityPolicy([OfW with { Trust = TrustLevel.FirstUse }, Direct], []));
        C.Move(Home, Abroad);
        var (_, there) = Connect();
        Assert.Equal(C.Fingerprint, W.Policy.Pins.At(Home)?.Key);
        C.Detach();
        D.TakeOver(Home);
        D.TakeOver(Inner.Remote);
        D.Boot();
        var socket = D.Sockets.Connect(Inner.Remote, Inner.Local);
        Assert.True(_world.RunUntil(() => !socket.IsOpen, Soon), Trace());
        Assert.Contains(W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
        Assert.True(there.IsOpen);
    }

    [Fact]
    public void C6_Somebody_elses_address_is_no_place_to_move_to()
    {
        W.ChangePolicy(W.Policy with { Peers = [Standard.Known("D", 2, Abroad)] });
        var (here, _) = Connect();
        C.Move(Home, Abroad);
        Assert.True(_world.RunUntil(() => !here.IsOpen, Soon), Trace());
        Assert.Contains("belongs to the known peer 'D'", Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved);
    }

    /// <summary>Two IKE SAs with one peer: what either begins with must not make the peer forget the other (RFC 7296 §2.4).</summary>
    [Fact]
    public void A_tunnel_beside_a_transport_mode_connection_is_no_initial_contact()
    {
        var direct = C.Sockets.Connect(Home, AtW);
        direct.Write(100);
        Assert.True(_world.RunUntil(() => _world.Socket(direct.Peer)?.Read == 100, Soon), Trace());
        Connect();
        Exchange(direct, _world.Socket(direct.Peer)!);
        Assert.Equal(2, W.Daemon!.Engine.Sas().Count);
    }

    public void Dispose() => _world.Dispose();

    private static InetPrefix Prefix(string text) => InetPrefix.TryParse(text, out var prefix, out _) ? prefix : throw new FormatException(text);

    private static uint? ChannelOf(SimulatedHost host, TcpSocket socket) => host.Daemon!.Engine.Inquire(socket.Flow)!.Latch.Channel;

    private string Trace() => string.Join(Environment.NewLine, _world.Trace.Lines());

    private (TcpSocket Here, TcpSocket There) Connect()
    {
        var socket = C.Sockets.Connect(Inner.Remote, Inner.Local);
        socket.Write(3000);
        Assert.True(_world.RunUntil(() => _world.Sockets.Any(s => s.Host == W && s.Read == 3000), Soon), Trace());
        return (socket, _world.Socket(socket.Peer)!);
    }

    /// <summary>Both write, and everything arrives.</summary>
    private void Exchange(TcpSocket one, TcpSocket other)
    {
        var (a, b) = (one.Read + 400, other.Read + 300);
        one.Write(300);
        other.Write(400);
        Assert.True(_world.RunUntil(() => one.Read == a && other.Read == b, Soon), Trace());
    }

    private void AssertUnbroken() => Assert.DoesNotContain(W.Daemon!.Raised.Concat(C.Daemon!.Raised), e => e.Kind is EventKind.LatchBroken or EventKind.LatchClosed);
}
