using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>The daemon ends and another takes its place, while sockets and peers live on.</summary>
public class RestartedDaemonScenarios
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L14_A_restarted_daemon_goes_on_with_its_latches(bool orderly)
    {
        using var theatre = new Theatre();
        var client = theatre.Connect();
        var before = theatre.Latch;
        End(theatre.W, orderly);
        client.Write(4000);
        theatre.World.RunFor(TimeSpan.FromMilliseconds(500));
        theatre.W.StartDaemon();
        theatre.Served.Write(5000);

        Assert.True(theatre.World.RunUntil(() => client.Read == 7000 && theatre.Served.Read == 7000, Soon), "the stream goes on, both ways");
        Assert.Equal(
            (before.State, before.PeerKey, before.LocalKey, before.Protection), (theatre.Latch.State, theatre.Latch.PeerKey, theatre.Latch.LocalKey, theatre.Latch.Protection));
    }

    [Fact]
    public void L14_Both_daemons_at_once()
    {
        using var theatre = new Theatre();
        var client = theatre.Connect();
        theatre.W.KillDaemon();
        theatre.C.KillDaemon();
        theatre.W.StartDaemon();
        theatre.C.StartDaemon();
        theatre.Served.Write(5000);

        Assert.True(theatre.World.RunUntil(() => client.Read == 7000, Soon), "the stream goes on");
    }

    [Fact]
    public void L14_An_idle_connection_has_its_SAs_before_anybody_writes()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.KillDaemon();
        theatre.W.StartDaemon();

        Assert.True(theatre.World.RunUntil(() => theatre.W.Daemon!.Engine.Sas() is [{ Children: [_] }], Soon), "the peer is called at once");
    }

    [Fact]
    public void L16_S15_A_peer_that_rebooted_while_no_daemon_ran_here_is_met_as_restarted()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.KillDaemon();
        theatre.C.Crash();
        theatre.C.Boot();
        theatre.W.StartDaemon();

        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(nameof(BreakReason.PeerRestarted), Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
    }

    [Fact]
    public void S15_Another_key_that_answers_our_call_after_a_restart_breaks_the_restored_latch()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.KillDaemon();
        theatre.ReplaceC();
        theatre.W.StartDaemon();

        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(nameof(BreakReason.PeerReplaced), Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken).Reason);
    }

    [Fact]
    public void L27_S15_A_newcomer_that_is_faster_than_the_peer_after_a_restart_is_narrowed_around_its_latch()
    {
        using var theatre = new Theatre(behindNat: true);
        var client = theatre.Connect();
        theatre.D.Boot();
        theatre.C.Detach();
        theatre.W.KillDaemon();
        theatre.W.StartDaemon();
        var neighbour = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => neighbour.IsEstablished || !neighbour.IsOpen, Soon));
        if (!neighbour.IsEstablished)
        {
            // The port behind the NAT was C's.
            neighbour = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
            Assert.True(theatre.World.RunUntil(() => neighbour.IsEstablished, Soon), "the neighbour is let in");
        }

        Assert.Equal(LatchState.Established, theatre.Latch.State);
        theatre.C.Attach();
        client.Write(500);
        Assert.True(theatre.World.RunUntil(() => theatre.World.Socket(client.Peer)!.Read == 3500, TimeSpan.FromMinutes(2)), "the connection goes on");
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
    }

    [Fact]
    public void L14_Without_its_journal_a_daemon_resets_what_it_does_not_know()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.KillDaemon();
        theatre.W.DamageJournal();
        theatre.W.StartDaemon();

        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Equal((LatchState.Closed, nameof(ClosedReason.DaemonLost)), (theatre.Latch.State, theatre.Latch.Reason));
    }

    [Fact]
    public void L14_A_broken_latch_is_broken_after_a_restart_too()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait });
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.True(theatre.World.RunUntil(() => theatre.Latch.State == LatchState.Broken, Soon), "the latch breaks");
        theatre.W.KillDaemon();
        theatre.W.StartDaemon();

        Assert.Equal((LatchState.Broken, nameof(BreakReason.PeerReplaced)), (theatre.Latch.State, theatre.Latch.Reason));
        Assert.True(theatre.W.Daemon!.Datapath.IsBlocked(theatre.Served.Flow));
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.LatchBroken && e.Flow == theatre.Served.Flow);
    }

    [Fact]
    public void L44_L48_What_an_application_chose_and_the_channel_bindings_survive_a_restart()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var before = theatre.W.Daemon!.Engine.Inquire(theatre.Served.Flow)!.Authentication!;
        theatre.W.Daemon.Ask(now => Assert.Null(theatre.W.Daemon.Engine.Grant(now, theatre.Served.Flow, new FlowWishes { Disposition = Disposition.Wait })));
        theatre.W.KillDaemon();
        theatre.W.StartDaemon();

        var after = theatre.W.Daemon!.Engine.Inquire(theatre.Served.Flow)!;
        Assert.Equal(before with { At = null }, after.Authentication);
        Assert.Equal(before.UniqueBinding, after.Authentication!.UniqueBinding);
        Assert.Equal("wait", after.Latch.Disposition);

        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.True(theatre.World.RunUntil(() => theatre.Latch.State == LatchState.Broken, TimeSpan.FromMinutes(1)), "the latch breaks");
        theatre.W.KillDaemon();
        theatre.W.StartDaemon();
        Assert.Null(theatre.TimeToNotice(Soon));
    }

    [Fact]
    public void L29_A_policy_that_was_changed_while_no_daemon_ran_breaks_what_it_contradicts()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var record = Assert.Single(theatre.W.Journal.Records);
        using var engine = new LatchEngine(Standard.Engine, SecurityPolicy.Empty, Identities.Key(theatre.W.Plan.Identity), new SimulatedRandom(1));

        engine.RestoreLatches(TimeSpan.Zero, [record]);

        Assert.Equal((LatchState.Broken, nameof(BreakReason.PolicyChanged)), engine.Latches().Select(l => (l.State, l.Reason)).Single());
        Assert.Equal([record.Flow], engine.FlowsOutsidePolicy());
        var effects = Effects(engine);
        Assert.DoesNotContain(effects, effect => effect is BindFlow);
        Assert.True(effects.FindIndex(e => e is BlockFlow) < effects.FindIndex(e => e is NotifyFlow));
    }

    [Fact]
    public void B10_A_latch_of_another_key_of_ours_is_not_taken_up()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var record = Assert.Single(theatre.W.Journal.Records);
        using var engine = new LatchEngine(Standard.Engine, theatre.W.Policy, Identities.Key(9), new SimulatedRandom(1));

        engine.RestoreLatches(TimeSpan.Zero, [record]);

        Assert.Empty(engine.Latches());
    }

    [Fact]
    public void L14_A_latch_is_written_down_before_its_flow_is_bound_and_a_break_before_anybody_is_told()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.Equal(LatchState.Established, Assert.Single(theatre.W.Journal.Records).State);
        theatre.W.Daemon!.CloseLatch(theatre.Latch.Id);
        Assert.Equal(ClosedReason.Administrative, Assert.Single(theatre.W.Journal.Records).ClosedBy);
        Assert.True(theatre.World.RunUntil(() => theatre.W.Journal.Records.Count == 0, Soon), "with the socket the record goes");
    }

    [Fact]
    public void What_cannot_be_written_down_does_not_begin_and_what_runs_goes_on()
    {
        using var theatre = new Theatre();
        var client = theatre.Connect();
        theatre.C.FillJournal(full: true);
        var late = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);

        Assert.True(theatre.World.RunUntil(() => late.Outcome == SocketOutcome.Refused, Soon), "a new connection is refused");
        Assert.Contains(theatre.C.Daemon!.Raised, e => e.Kind == EventKind.Degraded);
        Assert.NotNull(theatre.C.Daemon.Engine.JournalFailure);
        theatre.Served.Write(1000);
        Assert.True(theatre.World.RunUntil(() => client.Read == 3000, Soon), "the running one goes on");

        theatre.C.FillJournal(full: false);
        var later = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => later.IsEstablished, Soon), "with room there are new connections");
        Assert.Null(theatre.C.Daemon.Engine.JournalFailure);
    }

    [Fact]
    public void A_break_that_cannot_be_written_down_empties_the_journal_and_room_fills_it_again()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var other = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => other.IsEstablished && theatre.W.Journal.Records.Count == 2, Soon), "two connections");
        theatre.W.FillJournal(full: true);
        theatre.W.Daemon!.CloseLatch(theatre.Latch.Id);

        Assert.Empty(theatre.W.Journal.Records);
        theatre.W.FillJournal(full: false);
        theatre.World.RunFor(TimeSpan.FromSeconds(3));
        var third = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => third.IsEstablished, Soon), "a third connection");
        Assert.Equal([other.Flow.Reversed, third.Flow.Reversed], theatre.W.Journal.Records.Select(r => r.Flow));
    }

    [Fact]
    public void Thousands_of_peers_are_called_a_few_at_a_time()
    {
        using var identity = Identities.Key(0);
        var records = Enumerable.Range(0, 1000).Select(i => Record(identity.Public.Fingerprint, i)).ToList();
        using var engine = new LatchEngine(Standard.Engine, Standard.Policy(Standard.Service), Identities.Key(0), new SimulatedRandom(1));

        engine.RestoreLatches(TimeSpan.Zero, records);

        Assert.Equal(1000, engine.Latches().Count(l => l.State == LatchState.Established));
        Assert.Equal(16, Called(engine).Count());
        var (now, called) = (TimeSpan.Zero, new HashSet<InetAddress>());
        while (called.Count < 1000 - 16 && now < TimeSpan.FromSeconds(10))
        {
            now = engine.NextDeadline!.Value;
            engine.HandleDeadline(now);
            var fresh = Called(engine).Count(called.Add);
            Assert.True(fresh <= 32, $"{fresh} new peers are called at once");
        }

        Assert.True(now < TimeSpan.FromSeconds(5), $"the last peer is called after {now}");
    }

    private static LatchRecord Record(KeyFingerprint ours, int peer)
    {
        var flow = new FlowKey(IpProtocol.Tcp, InetAddress.Parse("192.0.2.1"), TcpStack.ServicePort, InetAddress.FromV4(0x0A000000 + (uint)peer), 40000);
        return new LatchRecord(
            flow,
            "service",
            new ChannelParameters(
                flow.Local, flow.Remote, ours, Identities.Fingerprint(1), ProtectionType.ConfidentialityAndIntegrity, SaMode.Transport, new QualityOfProtection(Algorithms.Aeads[0], Esn: true)),
            LatchState.Established);
    }

    private static IEnumerable<InetAddress> Called(LatchEngine engine) => Effects(engine).OfType<SendIke>().Select(send => send.Remote.Address).Distinct();

    private static List<Effect> Effects(LatchEngine engine)
    {
        var effects = new List<Effect>();
        while (engine.TryTakeEffect(out var effect))
        {
            effects.Add(effect);
        }

        return effects;
    }

    private static void End(SimulatedHost host, bool orderly)
    {
        if (orderly)
        {
            host.StopDaemon();
        }
        else
        {
            host.KillDaemon();
        }
    }
}
