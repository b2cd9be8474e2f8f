using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>C and D live behind one NAT: W sees one address, two keys, two channels (L27, L49).</summary>
/// <remarks>That no octet goes to the wrong one, and that no SA is made over a flow of the other, the simulator asserts
/// after every step.</remarks>
public sealed class SharedAddress
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 10).Select(seed => (ulong)seed)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L27_L49_Two_hosts_behind_one_address_are_both_latched_each_to_its_own_key(bool v6)
    {
        using var theatre = new Theatre(v6, behindNat: true);
        var (first, second) = Share(theatre);
        first.Write(500);
        second.Write(700);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.World.Socket(first.Peer)!.Read);
        Assert.Equal(700u, theatre.World.Socket(second.Peer)!.Read);
        Assert.Equal([theatre.C.Fingerprint.ToString(), theatre.D.Fingerprint.ToString()], Established(theatre).Select(latch => latch.PeerKey));
        Assert.Single(Established(theatre).Select(latch => latch.Flow.Remote).Distinct());
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind is EventKind.LatchBroken or EventKind.LatchClosed);
    }

    [Fact]
    public void L27_The_newcomer_s_SA_leaves_out_the_flow_of_who_was_there_before()
    {
        using var theatre = new Theatre(behindNat: true);
        var (first, second) = Share(theatre);
        var sas = theatre.W.Daemon!.Datapath.Sas.ToList();
        var (ofC, ofD) = (theatre.World.Socket(first.Peer)!.Flow, theatre.World.Socket(second.Peer)!.Flow);
        var channelOfD = theatre.W.Daemon.Datapath.ChannelOf(ofD);
        Assert.All(sas.Where(sa => sa.Channel == channelOfD), sa => Assert.False(sa.Selectors.Covers(ofC)));
        Assert.Contains(theatre.W.Daemon.Raised, e => e is { Kind: EventKind.ChildNarrowed, Reason: "OldPeerAlive" });
        // D knows it too, in its own address: it asks instead of sending what would be dropped.
        Assert.All(theatre.D.Daemon!.Datapath.Sas, sa => Assert.False(sa.Selectors.Covers(first.Flow with { Local = theatre.D.Plan.Address })));
    }

    [Fact]
    public void L8_The_private_addresses_behind_the_NAT_are_known()
    {
        using var theatre = new Theatre(behindNat: true);
        Share(theatre);
        Assert.Equal(
            [("there", theatre.C.Plan.Address), ("there", theatre.D.Plan.Address)],
            theatre.W.Daemon!.Engine.Sas().Select(sa => (sa.Nat!, sa.PeerPrivateAddress!.Value)).Order());
        Assert.All(theatre.C.Daemon!.Engine.Sas().Where(sa => sa.Remote.Address == theatre.W.Plan.Address), sa => Assert.Equal(("here", null), (sa.Nat, sa.PeerPrivateAddress)));
    }

    [Fact]
    public void L14_Who_comes_back_after_its_very_port_became_the_neighbours_is_told()
    {
        using var theatre = new Theatre(behindNat: true);
        var client = theatre.Connect();
        theatre.C.KillDaemon();
        theatre.D.Boot();
        var heir = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => heir.IsEstablished, Soon), "the neighbour has the port");
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        theatre.C.StartDaemon();
        client.Write(500);
        Assert.True(theatre.World.RunUntil(() => !client.IsOpen, TimeSpan.FromMinutes(2)), "its owner is told");
        Assert.True(heir.IsEstablished);
    }

    [Fact]
    public void L33_The_very_port_of_the_other_is_refused_and_the_application_told()
    {
        using var theatre = new Theatre(behindNat: true);
        theatre.Connect();
        theatre.D.Boot();
        var twin = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => !twin.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Refused, twin.Outcome);
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        var again = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => again.IsEstablished, Soon));
    }

    [Fact]
    public void L27_An_older_SA_is_narrowed_when_its_owner_uses_the_other_s_port()
    {
        using var theatre = new Theatre(behindNat: true);
        var (first, second) = Share(theatre);
        // C's next port is the one that D has, and C's SA is older than D's latch.
        var twin = theatre.C.Sockets.Connect(theatre.C.Plan.Address, theatre.W.Plan.Address);
        Assert.Equal(second.Flow.LocalPort, twin.Flow.LocalPort);
        Assert.True(theatre.World.RunUntil(() => !twin.IsOpen, TimeSpan.FromSeconds(20)));
        Assert.Equal(SocketOutcome.Refused, twin.Outcome);
        first.Write(500);
        second.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.World.Socket(first.Peer)!.Read);
        Assert.Equal(500u, theatre.World.Socket(second.Peer)!.Read);
        var datapath = theatre.W.Daemon!.Datapath;
        var channelOfC = datapath.ChannelOf(theatre.World.Socket(first.Peer)!.Flow);
        Assert.All(datapath.Sas.Where(sa => sa.Channel == channelOfC), sa => Assert.False(sa.Selectors.Covers(theatre.World.Socket(second.Peer)!.Flow)));
    }

    [Fact]
    public void L27_Who_falls_silent_keeps_its_latch_until_the_other_wants_its_very_port()
    {
        using var theatre = new Theatre(behindNat: true);
        var (first, second) = Share(theatre);
        theatre.C.Detach();
        theatre.Served.Write(100);
        second.Write(300);
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        Assert.Equal(300u, theatre.World.Socket(second.Peer)!.Read);

        // D reboots, so that its first port is the one that C has.
        theatre.D.Crash();
        theatre.D.Boot();
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
        Assert.Equal(first.Peer, theatre.Served.Serial);
    }

    [Fact]
    public void C4_Rekeys_of_two_peers_at_one_address_break_nothing()
    {
        using var theatre = new Theatre(behindNat: true, settings: Standard.Engine with
        {
            Ike = Standard.Engine.Ike with { ChildLifetime = TimeSpan.FromSeconds(5), IkeLifetime = TimeSpan.FromSeconds(11) },
        });
        var (first, second) = Share(theatre);
        for (var i = 0; i < 300; i++)
        {
            first.Write(100);
            second.Write(100);
            theatre.World.RunFor(TimeSpan.FromMilliseconds(100));
        }

        theatre.World.RunFor(Soon);
        Assert.Equal(33_000u, theatre.World.Socket(first.Peer)!.Read);
        Assert.Equal(30_000u, theatre.World.Socket(second.Peer)!.Read);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.ChildSaRekeyed);
        Assert.DoesNotContain(theatre.World.Hosts.SelectMany(host => host.Daemon!.Raised), e => e.Kind == EventKind.LatchBroken);
    }

    [Fact]
    public void L27_A_request_of_W_s_own_takes_nothing_that_the_other_latched_meanwhile()
    {
        using var theatre = new Theatre(behindNat: true);
        var (_, second) = Share(theatre);
        // D's SA was made before this connection of C was, and covers its port.
        theatre.C.Sockets.Connect(theatre.C.Plan.Address, theatre.D.Plan.Address);
        var third = theatre.C.Sockets.Connect(theatre.C.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => third.IsEstablished && third.Peer != 0, Soon));
        var ofC = theatre.World.Socket(third.Peer)!.Flow;
        var datapath = theatre.W.Daemon!.Datapath;
        var old = datapath.Sas.Where(sa => sa.Channel == datapath.ChannelOf(theatre.World.Socket(second.Peer)!.Flow)).ToList();
        Assert.Contains(old, sa => sa.Selectors.Covers(ofC));

        datapath.WearOut(old[0]);
        theatre.World.RunFor(Soon);
        var renewed = datapath.Sas.Where(sa => sa.Channel == old[0].Channel).ToList();
        Assert.All(renewed, sa => Assert.False(old.Contains(sa) || sa.Selectors.Covers(ofC)));
        second.Write(400);
        third.Write(400);
        theatre.World.RunFor(Soon);
        Assert.All(new[] { second, third }, socket => Assert.Equal(400u, theatre.World.Socket(socket.Peer)!.Read));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Forged_and_replayed_datagrams_change_nothing_for_two_hosts_behind_one_address(ulong seed)
    {
        using var theatre = new Theatre(behindNat: true);
        var forger = new OffPathForger(theatre.World, new SimulatedRandom(seed));
        var replayer = new Replayer(theatre.World, new SimulatedRandom(seed));
        var (first, second) = Share(theatre);
        var before = Established(theatre);
        for (var i = 0; i < 500; i++)
        {
            forger.Attack();
            replayer.Attack();
            first.Write(10);
            second.Write(10);
            theatre.World.RunFor(TimeSpan.FromMilliseconds(10));
        }

        theatre.World.RunFor(Soon);
        Assert.Equal(before, Established(theatre));
        Assert.Equal(8000u, theatre.World.Socket(first.Peer)!.Read);
        Assert.Equal(5000u, theatre.World.Socket(second.Peer)!.Read);
    }

    /// <summary>C is connected to W, and D too, from another port.</summary>
    private static (TcpSocket OfC, TcpSocket OfD) Share(Theatre theatre)
    {
        var first = theatre.Connect();
        theatre.D.Boot();
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.C.Plan.Address);
        var second = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => second.IsEstablished && second.Peer != 0, Soon));
        theatre.World.RunFor(TimeSpan.FromSeconds(1));
        return (first, second);
    }

    private static List<LatchSnapshot> Established(Theatre theatre) =>
        [.. theatre.W.Daemon!.Engine.Latches().Where(latch => latch.State == LatchState.Established).OrderBy(latch => latch.Flow.RemotePort)];
}
