using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Scenarios S1 to S8s and S13: the peer behind a latched connection is gone, and somebody else may be there.</summary>
/// <remarks>That no octet goes astray is not asserted here: the simulator does so after every step.</remarks>
public sealed class ReplacedPeerScenarios
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    [Fact]
    public void S0_Without_IPsec_the_newcomer_s_TCP_resets_the_connection()
    {
        using var theatre = new Theatre(ipsec: false);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.Served.Write(100);
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S1_Data_into_the_void_finds_out_who_is_there_and_breaks_the_latch(bool v6)
    {
        using var theatre = new Theatre(v6);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.World.RunFor(TimeSpan.FromSeconds(30));
        Assert.True(theatre.Served.IsOpen, "nobody sent anything yet");
        theatre.Served.Write(100);
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void S1a_Forged_complaints_about_a_living_peer_change_nothing()
    {
        using var theatre = new Theatre();
        var socket = theatre.Connect();
        var latch = theatre.Latch;
        var forger = new OffPathForger(theatre.World, new SimulatedRandom(5));
        for (var i = 0; i < 1000; i++)
        {
            forger.Complain(theatre.AddressOfC, theatre.W.Plan.Address);
            theatre.World.RunFor(TimeSpan.FromMilliseconds(5));
        }

        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(latch, theatre.Latch);
        Assert.Equal(3500u, theatre.Served.Read);
    }

    [Fact]
    public void S1b_The_same_key_without_memory_is_a_restart_and_breaks_the_latch()
    {
        using var theatre = new Theatre(dHasTheKeyOfC: true);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerRestarted) });
    }

    [Fact]
    public void S1b_A_foreign_peer_that_comes_back_with_INITIAL_CONTACT_is_taken_for_restarted()
    {
        using var theatre = new Theatre(dHasTheKeyOfC: true, cIsForeign: true);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerRestarted) });
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ProbeSilent);
    }

    [Fact]
    public void S1c_A_host_that_rebooted_and_is_silent_gives_itself_away_with_its_token()
    {
        using var theatre = new Theatre(dHasTheKeyOfC: true);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.World.RunFor(TimeSpan.FromSeconds(30));
        Assert.True(theatre.Served.IsOpen, "nobody sent anything yet");
        theatre.Served.Write(100);
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.CrashDetected);
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ProbeSilent);
    }

    [Fact]
    public void S1d_INITIAL_CONTACT_of_another_key_deletes_nothing()
    {
        using var theatre = new Theatre();
        var socket = theatre.Connect();
        var sas = theatre.W.Daemon!.Engine.Sas().Select(sa => sa.SpiI).ToList();
        // Both receive what is sent to the address, so that C still answers while D says its INITIAL_CONTACT there.
        theatre.World.Network.AllClaimantsReceive = true;
        theatre.D.TakeOver(theatre.AddressOfC);
        theatre.D.Boot();
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.C.Plan.Address);
        theatre.ConnectFromD();
        theatre.World.RunFor(Soon);
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.IkeSaEstablished && e.PeerKey == theatre.D.Fingerprint.ToString());
        Assert.All(sas, spi => Assert.Contains(theatre.W.Daemon.Engine.Sas(), sa => sa.SpiI == spi));
        Assert.Equal(3500u, theatre.Served.Read);
    }

    [Fact]
    public void S2_When_the_SA_expires_whoever_answers_the_renewal_decides()
    {
        using var theatre = new Theatre(settings: Lively);
        theatre.Connect();
        theatre.ReplaceC();
        Assert.NotNull(theatre.TimeToNotice(TimeSpan.FromMinutes(3)));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void S2b_Rekeys_and_expiry_with_the_same_peer_are_not_a_break()
    {
        using var theatre = new Theatre(settings: Lively);
        var socket = theatre.Connect();
        for (var i = 0; i < 600; i++)
        {
            socket.Write(100);
            theatre.World.RunFor(TimeSpan.FromMilliseconds(100));
        }

        theatre.World.RunFor(Soon);
        Assert.Equal(3000u + 60_000u, theatre.Served.Read);
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaRekeyed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void S3_A_replaced_peer_breaks_the_latch_and_nothing_reaches_it(bool v6)
    {
        using var theatre = new Theatre(v6);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        var noticed = theatre.TimeToNotice(Soon);
        Assert.NotNull(noticed);
        Assert.InRange(noticed.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void S3_The_newcomer_s_own_connection_is_served()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.ReplaceC();
        var socket = theatre.ConnectFromD();
        socket.Write(700);
        Assert.True(theatre.World.RunUntil(() => theatre.World.Sockets.Any(s => s.Host == theatre.W && s.Read == 700), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void S3_A_break_holds_while_the_SAs_of_the_old_peer_go_one_by_one()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait });
        theatre.Connect();
        // A connection the other way needs a second Child SA.
        theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        theatre.World.RunFor(Soon);
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.World.RunFor(Soon);
        Assert.Equal(LatchState.Broken, theatre.Latch.State);
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchRestored);
    }

    [Fact]
    public void S3_A_replaced_SA_of_the_old_peer_does_not_outlive_the_break()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var datapath = theatre.W.Daemon!.Datapath;
        datapath.WearOut(datapath.Sas.First());
        theatre.World.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaRekeyed);
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.NotNull(theatre.TimeToNotice(TimeSpan.FromSeconds(1)));
        Assert.Single(datapath.Sas.Select(sa => sa.Channel).Distinct());
    }

    [Fact]
    public void S4_With_wait_the_application_is_not_woken()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait });
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.Served.Write(100);
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(LatchState.Broken, theatre.Latch.State);
        Assert.True(theatre.Served.IsOpen);
    }

    [Fact]
    public void S4_With_wait_the_connection_goes_on_when_its_peer_is_back()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait });
        var socket = theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.Served.Write(100);
        theatre.World.RunFor(TimeSpan.FromSeconds(10));
        theatre.D.StopDaemon();
        theatre.World.RunFor(TimeSpan.FromSeconds(1));
        theatre.D.Crash();
        theatre.C.Attach();
        theatre.World.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        Assert.Equal(2100u, socket.Read);
    }

    [Fact]
    public void S5_A_plain_host_at_the_address_never_causes_a_reset()
    {
        using var theatre = new Theatre(dRunsLatchkey: false);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.Served.Write(100);
        Assert.Null(theatre.TimeToNotice(TimeSpan.FromMinutes(10)));
        Assert.NotNull(theatre.TimeToNotice(TcpSocket.Patience));
        Assert.Equal(SocketOutcome.TimedOut, theatre.Served.Outcome);
    }

    [Fact]
    public void S6_Who_cannot_receive_at_the_address_cannot_break_the_latch()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var latch = theatre.Latch;
        // D speaks with C's address, but the answers go to C.
        theatre.D.TakeOver(theatre.AddressOfC);
        theatre.D.Boot();
        theatre.World.Network.Unclaim(theatre.AddressOfC, theatre.D);
        theatre.World.Network.MaySpoof(theatre.D);
        theatre.ConnectFromD();
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(latch, theatre.Latch);
        Assert.True(theatre.Served.IsOpen);
    }

    [Fact]
    public void S8s_A_stranger_at_the_address_of_a_known_peer_changes_nothing()
    {
        using var theatre = new Theatre(cIsKnown: true);
        theatre.Connect();
        var latch = theatre.Latch;
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.Served.Write(100);
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(latch, theatre.Latch);
        Assert.True(theatre.Served.IsOpen);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
    }

    [Fact]
    public void S8s_The_known_peer_goes_on_when_the_stranger_has_left()
    {
        using var theatre = new Theatre(cIsKnown: true);
        var socket = theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.Served.Write(100);
        theatre.World.RunFor(TimeSpan.FromSeconds(20));
        theatre.D.Crash();
        theatre.C.Attach();
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(2100u, socket.Read);
        Assert.Equal(LatchState.Established, theatre.Latch.State);
    }

    [Fact]
    public void S5_A_connection_begun_while_the_peer_is_away_is_made_when_it_is_back()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.C.Detach();
        theatre.Served.Write(100);
        theatre.World.RunFor(TimeSpan.FromSeconds(10));
        // W asks who is there already; the new flow waits for the answer.
        var connecting = theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        theatre.World.RunFor(Soon);
        theatre.C.Attach();
        theatre.World.RunFor(TimeSpan.FromMinutes(1));
        Assert.True(connecting.IsEstablished);
        Assert.Equal(LatchState.Established, theatre.Latch.State);
    }

    [Fact]
    public void S13_A_break_while_connecting_refuses_the_connection()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        theatre.World.RunFor(Soon);
        theatre.C.Detach();
        // W's SYN goes out under C's SA, in vain; then D answers in C's place.
        var connecting = theatre.W.Sockets.Connect(theatre.W.Plan.Address, theatre.AddressOfC);
        theatre.World.RunFor(TimeSpan.FromMilliseconds(300));
        Assert.False(connecting.IsEstablished);
        theatre.ReplaceC();
        theatre.ConnectFromD();
        theatre.World.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(SocketOutcome.Refused, connecting.Outcome);
    }

    /// <summary>Lifetimes so short that a minute sees many of them.</summary>
    private static EngineSettings Lively => Standard.Engine with
    {
        Ike = Standard.Engine.Ike with { ChildLifetime = TimeSpan.FromSeconds(5), IkeLifetime = TimeSpan.FromSeconds(12) },
    };
}
