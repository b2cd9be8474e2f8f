using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// C, a mobile host, has its tunnel to W from whichever of its outer addresses it has (RFC 4555). Its latches stay; what is
/// tied to an address itself ends with it.
/// </summary>
public sealed class MovingTunnels() : TunnelTheatre(OfW, OfC, Direct, Limited)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(12);
    private static readonly InetAddress Abroad = InetAddress.Parse("198.51.100.2");
    private static readonly InetAddress Forbidden = InetAddress.Parse("203.0.113.2");
    private static readonly ProtectEntry Moving = Entry with { Name = "tunnel", Tunnel = Outer with { Moves = true } };
    private static readonly ProtectEntry OfW = Moving with { OtherRemote = [InetPrefix.Parse("198.51.100.0/24")] };
    private static readonly ProtectEntry OfC = Mirrored(Moving) with { OtherLocal = [Abroad, Forbidden] };
    private static readonly ProtectEntry Direct = Standard.Service with { Local = InetPrefix.Parse("192.0.2.0/24"), Remote = InetPrefix.Parse("192.0.2.0/24") };

    private static readonly EngineSettings Limited = Standard.Engine with { Ike = Standard.Engine.Ike with { AuthenticationLifetime = Lifetime } };

    private static InetAddress Home => Outer.Remote;

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
    public void L12_A_peer_that_moved_proves_itself_anew_where_it_is_now_and_can_move_on()
    {
        var (here, there) = Connect();
        var channels = (ChannelOf(W, there), ChannelOf(C, here));
        C.Move(Home, Abroad);
        Exchange(here, there);
        World.RunFor(Lifetime);
        Exchange(here, there);
        Assert.All([W, C], host => Assert.Single(host.Daemon!.Raised, e => e.Kind == EventKind.IkeSaReauthenticated));
        Assert.Equal((Abroad, false), Assert.Single(W.Daemon!.Engine.Sas()) is { } sa ? (sa.Remote.Address, sa.Initiated) : default);
        C.Move(Abroad, Home);
        Exchange(here, there);
        Assert.Equal(2, W.Daemon.Raised.Count(e => e is { Kind: EventKind.ChannelMoved, Reason: "PeerMoved" }));
        Assert.Equal(channels, (ChannelOf(W, there), ChannelOf(C, here)));
        AssertUnbroken();
    }

    [Fact]
    public void The_end_that_did_not_begin_leaves_a_new_proof_to_the_other_that_can_take_the_tunnel_along()
    {
        var (_, there) = Connect();
        C.Detach();
        World.RunFor(Lifetime * 0.9);
        for (var second = TimeSpan.Zero; second < Lifetime * 0.12; second += TimeSpan.FromSeconds(1))
        {
            World.RunFor(TimeSpan.FromSeconds(1));
            Assert.DoesNotContain(W.Daemon!.Engine.Sas(), sa => sa.Initiated);
        }

        Assert.False(there.IsOpen);
        Assert.Equal(nameof(BreakReason.AuthenticationExpired), Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
    }

    [Fact]
    public void Further_connections_begin_where_the_peer_is_now()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        var second = W.Sockets.Connect(Inner.Local, Inner.Remote);
        second.Write(700);
        Until(() => World.Socket(second.Peer)?.Read == 700);
        Assert.Single(W.Daemon!.Engine.Sas());
    }

    [Fact]
    public void A_tunnel_returns_to_the_better_address_when_it_is_back()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        C.TakeOver(Home);
        Until(() => W.Daemon!.Engine.Sas().All(sa => sa.Remote.Address == Home));
        C.Move(Abroad, Forbidden);
        Exchange(here, there);
        AssertUnbroken();
    }

    /// <summary>Its first messages are lost, and while they are sent again the better address comes.</summary>
    [Fact]
    public void A_better_address_that_comes_while_the_IKE_SA_is_in_the_making_is_taken_when_it_stands()
    {
        C.Move(Home, Abroad);
        World.Network.Partition(W, C);
        var here = C.Sockets.Connect(Inner.Remote, Inner.Local);
        World.RunFor(TimeSpan.FromSeconds(1));
        C.TakeOver(Home);
        World.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((Abroad, "connecting"), Assert.Single(C.Daemon!.Engine.Sas()) is { } sa ? (sa.Local.Address, sa.State) : default);
        World.Network.HealPartitions();
        Until(() => here.IsEstablished && W.Daemon!.Engine.Sas().All(sa => sa.Remote.Address == Home));
        Exchange(here, World.Socket(here.Peer)!);
        Assert.Equal([(Home, Outer.Local)], C.Daemon.Engine.Sas().Select(Ends));
        AssertUnbroken();
    }

    [Fact]
    public void A_better_address_that_comes_while_a_new_proof_is_asked_for_in_vain_is_taken_when_that_is_given_up()
    {
        C.Move(Home, Abroad);
        var (here, there) = Connect();
        World.Network.IsLost = datagram => datagram is IkeDatagram { IsFirstMessage: true };
        Until(() => C.Daemon!.Engine.Sas().Count == 2, Lifetime);
        C.TakeOver(Home);
        World.RunFor(Soon);
        Assert.Equal(Abroad, Assert.Single(W.Daemon!.Engine.Sas()).Remote.Address);
        Until(() => Assert.Single(W.Daemon!.Engine.Sas()).Remote.Address == Home, Lifetime / 10);
        Exchange(here, there);
        AssertUnbroken();
    }

    /// <summary>Whoever began the IKE SA decides where it goes; a host that did not calls from its new address, and is the same peer.</summary>
    [Fact]
    public void A_host_that_did_not_begin_the_IKE_SA_goes_on_under_a_new_one()
    {
        var there = ConnectFromW();
        var channel = ChannelOf(W, there);
        C.Move(Home, Abroad);
        Exchange(World.Socket(there.Peer)!, there);
        Assert.Equal(channel, ChannelOf(W, there));
        AssertUnbroken();
    }

    /// <summary>RFC 4555 §3.4: the host that has the addresses does not know that the way to one of them is dead.</summary>
    [Fact]
    public void Who_began_the_IKE_SA_finds_the_peer_at_another_of_its_addresses_when_it_falls_silent()
    {
        C.TakeOver(Abroad);
        var there = ConnectFromW();
        World.Network.Unclaim(Home, C);
        Exchange(World.Socket(there.Peer)!, there);
        Assert.Equal(Abroad, Assert.Single(W.Daemon!.Engine.Sas()).Remote.Address);
        AssertUnbroken();
    }

    /// <summary>A path is named by two addresses of one family; where its ends are may be of the other (RFC 4555 §3.5).</summary>
    [Fact]
    public void L12_A_tunnel_moves_from_IPv4_to_IPv6_and_back()
    {
        var (atW, abroad) = BothFamilies();
        var (here, there) = Connect();
        var channels = (ChannelOf(W, there), ChannelOf(C, here));
        C.Move(Home, abroad);
        Exchange(here, there);
        Assert.Equal((atW, abroad), Ends(Assert.Single(W.Daemon!.Engine.Sas())));
        Assert.Equal("PeerMoved", Assert.Single(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved).Reason);
        C.TakeOver(Home);
        Until(() => Ends(Assert.Single(W.Daemon.Engine.Sas())) == (Outer.Local, Home));
        Exchange(here, there);
        C.Move(Home, Forbidden);
        Exchange(here, there);
        Assert.Equal(channels, (ChannelOf(W, there), ChannelOf(C, here)));

        // After a restart too the peer is looked for in the family in which it was last.
        W.KillDaemon();
        W.StartDaemon();
        Exchange(here, there);
        var sa = Assert.Single(W.Daemon.Engine.Sas());
        Assert.Equal((true, atW, abroad), (sa.Initiated, sa.Local.Address, sa.Remote.Address));
        AssertUnbroken();
    }

    [Fact]
    public void Who_began_the_IKE_SA_finds_the_peer_at_its_address_of_the_other_family()
    {
        var (atW, abroad) = BothFamilies();
        C.TakeOver(abroad);
        var (here, there) = Connect();
        World.Network.Unclaim(Outer.Local, W);
        Exchange(here, there);
        Assert.Equal((abroad, atW), Ends(Assert.Single(C.Daemon!.Engine.Sas())));
        AssertUnbroken();
    }

    /// <summary>The other family's addresses are nobody's unless they are named.</summary>
    [Fact]
    public void L28_An_address_of_the_other_family_without_one_of_the_peers_is_no_way()
    {
        C.ChangePolicy(new SecurityPolicy([OfC with { OtherLocal = [InetAddress.Parse("2001:db8::2")] }, Direct], []));
        var (here, _) = Connect();
        C.Move(Home, InetAddress.Parse("2001:db8::2"));
        Until(() => !here.IsOpen);
        Assert.Equal(nameof(BreakReason.LocalAddressLost), Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
    }

    /// <summary>RFC 4555 §3.6: W did not name C's place, C told of it when it came to have it.</summary>
    [Fact]
    public void Who_began_the_IKE_SA_finds_the_peer_at_an_address_that_it_told_later()
    {
        W.ChangePolicy(new SecurityPolicy([OfW with { OtherRemote = [InetPrefix.Parse("198.51.100.0/24")] }, Direct], []));
        var there = ConnectFromW();
        C.TakeOver(Abroad);
        World.RunFor(TimeSpan.FromSeconds(1));
        World.Network.Unclaim(Home, C);
        Exchange(World.Socket(there.Peer)!, there);
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
        World.RunFor(Soon);
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
        ReplaceC();
        D.Sockets.Connect(Inner.Remote, Inner.Local);
        Until(() => !there.IsOpen);
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void What_policy_does_not_name_is_no_place_to_move_to_and_the_application_is_told()
    {
        var (here, _) = Connect();
        C.Move(Home, Forbidden);
        Until(() => !here.IsOpen);
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
        C.ChangePolicy(Policy(OfC with { OtherLocal = [Forbidden, Abroad] }, Direct));
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
        Until(() => !here.IsOpen);
        Assert.Contains("'C' owns 192.0.2.2", Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void L28_With_no_address_left_the_latches_break()
    {
        var (here, _) = Connect();
        C.GiveBack();
        Until(() => !here.IsOpen);
        Assert.Equal(nameof(BreakReason.LocalAddressLost), Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
        Assert.Empty(C.Daemon.Engine.Sas());
    }

    [Fact]
    public void L28_A_transport_mode_connection_of_the_same_host_does_not_move_and_is_reset_at_once()
    {
        var (here, there) = Connect();
        var direct = C.Sockets.Connect(Home, Outer.Local);
        direct.Write(100);
        Until(() => World.Socket(direct.Peer)?.Read == 100);
        Assert.Equal(2, W.Daemon!.Engine.Sas().Count);
        C.Move(Home, Abroad);
        Until(() => !direct.IsOpen, TimeSpan.FromSeconds(1));
        Assert.Equal(SocketOutcome.Reset, direct.Outcome);
        Exchange(here, there);
        Assert.Equal(direct.Flow, Assert.Single(C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Flow);
        World.Socket(direct.Peer)!.Write(50);
        World.RunFor(Soon);
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

    /// <summary>It is the moved-to that restarts: it does not wait for the other to call.</summary>
    [Fact]
    public void S15_L14_A_restarted_daemon_looks_for_its_peer_where_it_was_last()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        W.KillDaemon();
        W.StartDaemon();
        Exchange(here, there);
        var sa = Assert.Single(W.Daemon!.Engine.Sas());
        Assert.Equal((true, Abroad), (sa.Initiated, sa.Remote.Address));
        Assert.DoesNotContain(W.Daemon.Raised, e => e.PeerAddress == Home);
        AssertUnbroken();
    }

    /// <summary>What the journal says of a place is no permission to be there.</summary>
    [Fact]
    public void S15_L29_A_restarted_daemon_does_not_look_for_its_peer_where_policy_does_not_let_it_be()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        var record = Assert.Single(W.Journal.Records);
        Assert.Equal(new AddressPair(Outer.Local, Abroad), record.Ends);
        using var engine = new LatchEngine(
            Standard.Engine, new SecurityPolicy([OfW with { OtherRemote = [InetPrefix.Parse("203.0.113.0/24")] }, Direct], []), Identities.Key(W.Plan.Identity), new SimulatedRandom(1));
        engine.RestoreLatches(TimeSpan.Zero, [record]);
        Assert.Equal(Home, Assert.Single(engine.Sas()).Remote.Address);
    }

    [Fact]
    public void Where_a_tunnel_is_and_where_else_it_may_be_is_shown()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        var (w, c) = (Assert.Single(W.Daemon!.Engine.Tunnels()), Assert.Single(C.Daemon!.Engine.Tunnels()));
        Assert.Equal(("tunnel", new AddressPair(Outer.Local, Abroad), true), (w.Entry, w.Ends, w.PeerMoves));
        Assert.Equal(Assert.Single(W.Daemon.Engine.Sas()).ProofUntil, w.ProofUntil);
        Assert.NotNull(w.ProofUntil);
        Assert.Empty(w.LocalElsewhere);
        Assert.Equal([InetPrefix.Of(Home), InetPrefix.Parse("198.51.100.0/24")], w.RemoteElsewhere);
        Assert.Equal(new AddressPair(Abroad, Outer.Local), c.Ends);
        Assert.Equal([Home, Forbidden], c.LocalElsewhere);
        Assert.Empty(c.RemoteElsewhere);
    }

    [Fact]
    public void L29_C5_A_tunnel_that_may_not_be_where_it_is_any_more_ends_there()
    {
        var (here, there) = Connect();
        C.Move(Home, Abroad);
        Exchange(here, there);
        W.ChangePolicy(Policy(OfW with { OtherRemote = [InetPrefix.Parse("203.0.113.0/24")] }, Direct));
        World.RunFor(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(W.Daemon!.Engine.Sas(), sa => sa.Remote.Address == Abroad && sa.State == "established");
    }

    /// <summary>A tunnel has one peer, wherever that is first seen: the pin is its first address's.</summary>
    [Fact]
    public void S9_First_use_pins_the_tunnel_and_not_the_place()
    {
        W.ChangePolicy(Policy(OfW with { Trust = TrustLevel.FirstUse }, Direct));
        C.Move(Home, Abroad);
        var (_, there) = Connect();
        Assert.Equal(C.Fingerprint, W.Policy.Pins.At(Home)?.Key);
        ReplaceC();
        var socket = D.Sockets.Connect(Inner.Remote, Inner.Local);
        Until(() => !socket.IsOpen);
        Assert.Contains(W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
        Assert.True(there.IsOpen);
    }

    [Fact]
    public void C6_Somebody_elses_address_is_no_place_to_move_to()
    {
        W.ChangePolicy(W.Policy with { Peers = [Standard.Known("D", 2, Abroad)] });
        var (here, _) = Connect();
        C.Move(Home, Abroad);
        Until(() => !here.IsOpen);
        Assert.Contains("belongs to the known peer 'D'", Assert.Single(W.Daemon!.Raised, e => e.Kind == EventKind.MoveRefused).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(W.Daemon.Raised, e => e.Kind == EventKind.ChannelMoved);
    }

    /// <summary>Two IKE SAs with one peer: what either begins with must not make the peer forget the other (RFC 7296 §2.4).</summary>
    [Fact]
    public void A_tunnel_beside_a_transport_mode_connection_is_no_initial_contact()
    {
        var direct = C.Sockets.Connect(Home, Outer.Local);
        direct.Write(100);
        Until(() => World.Socket(direct.Peer)?.Read == 100);
        Connect();
        Exchange(direct, World.Socket(direct.Peer)!);
        Assert.Equal(2, W.Daemon!.Engine.Sas().Count);
    }

    /// <summary>W has an IPv6 address too, and C may have one.</summary>
    private (InetAddress AtW, InetAddress Abroad) BothFamilies()
    {
        var (atW, abroad) = (InetAddress.Parse("2001:db8::1"), InetAddress.Parse("2001:db8::2"));
        W.ChangePolicy(new SecurityPolicy([OfW with { OtherLocal = [atW], OtherRemote = [InetPrefix.Of(abroad)] }, Direct], []));
        C.ChangePolicy(new SecurityPolicy([OfC with { OtherLocal = [abroad], OtherRemote = [InetPrefix.Of(atW)] }, Direct], []));
        W.TakeOver(atW);
        return (atW, abroad);
    }

    private static (InetAddress Local, InetAddress Remote) Ends(IkeSaSnapshot sa) => (sa.Local.Address, sa.Remote.Address);

    private static uint? ChannelOf(SimulatedHost host, TcpSocket socket) => host.Daemon!.Engine.Inquire(socket.Flow)!.Latch.Channel;

    /// <summary>W begins, with its IKE SA.</summary>
    /// <returns>W's socket.</returns>
    private TcpSocket ConnectFromW()
    {
        var socket = W.Sockets.Connect(Inner.Local, Inner.Remote);
        socket.Write(100);
        Until(() => World.Socket(socket.Peer)?.Read == 100);
        return socket;
    }

    private void AssertUnbroken() => Assert.DoesNotContain(W.Daemon!.Raised.Concat(C.Daemon!.Raised), e => e.Kind is EventKind.LatchBroken or EventKind.LatchClosed);
}
