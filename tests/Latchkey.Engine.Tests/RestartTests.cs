using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>The rows of the table of evidence that concern restarts: C comes back with its key and without its SAs.</summary>
public sealed class RestartTests
{
    [Fact]
    public void S1b_INITIAL_CONTACT_in_a_later_life_breaks_the_latch_without_asking_the_old_SA()
    {
        using var pair = new EnginePair(birth: 1);
        pair.RestartC(birth: 2);
        pair.CConnects(40001);
        ExpectBroken(pair);
        Assert.Contains(pair.Told, e => e.Kind == EventKind.PeerRestarted);
        Assert.DoesNotContain(pair.Told, e => e.Kind == EventKind.ProbeSilent);
        ExpectOneIkeSa(pair);
    }

    [Fact]
    public void L16_L28_The_latch_is_blocked_and_told_before_the_restarted_peer_is_accepted()
    {
        using var pair = new EnginePair(birth: 1);
        var before = pair.EffectsOfW.Count;
        pair.RestartC(birth: 2);
        pair.CConnects(40001);
        var since = pair.EffectsOfW.Skip(before).ToList();
        var block = since.FindIndex(e => e is BlockFlow { Flow: var flow } && flow == EnginePair.Flow.Reversed);
        var told = since.FindIndex(e => e is Raise { Event.Kind: EventKind.LatchBroken });
        var notified = since.FindIndex(e => e is NotifyFlow);
        var removed = since.FindIndex(e => e is RemoveSa);
        var installed = since.FindIndex(e => e is InstallSa);
        Assert.True(block >= 0 && block < told && told < notified && notified < removed && removed < installed, $"{block} {told} {notified} {removed} {installed}");
    }

    [Fact]
    public void INITIAL_CONTACT_in_the_same_life_replaces_the_SAs_inside_the_channel()
    {
        using var pair = new EnginePair(birth: 1);
        var channel = pair.Latch.Channel;
        pair.RestartC(birth: 1);
        pair.CConnects(40001);
        ExpectKept(pair);
        ExpectOneIkeSa(pair);
        Assert.Equal(channel, Assert.Single(Assert.Single(pair.W.Sas()).Children).Channel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L14_A_daemon_that_restored_its_latches_says_INITIAL_CONTACT_where_a_certificate_explains_it(bool certificates)
    {
        ulong? birth = certificates ? 1UL : null;
        var journal = new SimulatedJournal();
        using var pair = new EnginePair(birth, tokens: false, journalOfC: journal);
        pair.RestartC(birth, tokens: false, restored: journal.Records);
        pair.Run(TimeSpan.FromSeconds(2));
        ExpectKept(pair);
        Assert.Single(pair.W.Sas(), sa => sa.State == "established");
        Assert.Equal(certificates, pair.Told.Any(e => e.Kind == EventKind.IkeSaClosed && e.Text.Contains("daemon restarted", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void INITIAL_CONTACT_of_a_peer_without_birth_certificates_means_what_the_operator_says(bool breaks)
    {
        using var pair = new EnginePair(birth: null, tokens: false, breakOnForeignInitialContact: breaks);
        pair.RestartC(birth: null, tokens: false);
        pair.CConnects(40001);
        if (breaks)
        {
            ExpectBroken(pair);
        }
        else
        {
            ExpectKept(pair);
        }

        Assert.Contains(pair.Told, e => e.Kind == EventKind.ProbeSilent);
        ExpectOneIkeSa(pair);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 77)]
    [InlineData(9, 5)]
    public void A_certificate_that_contradicts_the_one_before_counts_as_none(ulong number, ulong digest)
    {
        using var pair = new EnginePair(birth: 5, tokens: false);
        pair.RestartC(number, tokens: false, digest);
        pair.CConnects(40001);
        Assert.Contains(pair.Told, e => e is { Kind: EventKind.BirthCertificateRefused, Reason: "BirthNotLater" });
        Assert.Contains(pair.Told, e => e.Kind == EventKind.ProbeSilent);
        ExpectBroken(pair);

        // The break ends the account: what the peer says from now on is compared with this.
        var refused = pair.Told.Count(e => e.Kind == EventKind.BirthCertificateRefused);
        pair.RestartC(number, tokens: false, digest);
        pair.CConnects(40002);
        Assert.Equal(refused, pair.Told.Count(e => e.Kind == EventKind.BirthCertificateRefused));
    }

    [Fact]
    public void A_certificate_no_longer_shown_leaves_INITIAL_CONTACT_to_the_rule_for_foreign_peers()
    {
        using var pair = new EnginePair(birth: 5, tokens: false);
        pair.RestartC(birth: null, tokens: false);
        pair.CConnects(40001);
        ExpectBroken(pair);
        Assert.Contains(pair.Told, e => e.Kind == EventKind.ProbeSilent);
    }

    [Fact]
    public void S1c_A_token_makes_W_ask_who_is_there_and_a_later_life_breaks_the_latch()
    {
        using var pair = new EnginePair(birth: 1);
        pair.RestartC(birth: 2);
        pair.WSendsInVain();
        Assert.Equal(
            [EventKind.CrashDetected, EventKind.WhoIsThere, EventKind.PeerRestarted, EventKind.LatchBroken],
            pair.Told.Select(e => e.Kind).Where(k => k is EventKind.CrashDetected or EventKind.WhoIsThere or EventKind.PeerRestarted or EventKind.LatchBroken or EventKind.ProbeSilent));
        ExpectBroken(pair);
    }

    [Fact]
    public void A_token_of_a_peer_in_the_same_life_replaces_the_SAs_inside_the_channel()
    {
        using var pair = new EnginePair(birth: 1);
        pair.RestartC(birth: 1);
        pair.WSendsInVain();
        Assert.Contains(pair.Told, e => e.Kind == EventKind.CrashDetected);
        ExpectKept(pair);
        ExpectOneIkeSa(pair);
    }

    [Fact]
    public void S1c_A_token_of_a_peer_without_birth_certificates_breaks_the_latch_at_once()
    {
        using var pair = new EnginePair(birth: null);
        pair.RestartC(birth: null);
        pair.WSendsInVain();
        Assert.Equal(
            [EventKind.CrashDetected, EventKind.LatchBroken, EventKind.IkeSaClosed],
            pair.Told.Select(e => e.Kind).Where(k => k is EventKind.CrashDetected or EventKind.LatchBroken or EventKind.IkeSaClosed));
        ExpectBroken(pair);
    }

    [Fact]
    public void S1c_A_wrong_token_changes_nothing()
    {
        using var pair = new EnginePair(birth: null);
        // Another C, with other secrets: as if its disk were lost, but for the key.
        pair.RestartC(birth: null, tokens: true, otherSecrets: true);
        pair.WSendsInVain();
        Assert.Contains(pair.Told, e => e is { Kind: EventKind.CrashTokenRefused, Reason: "BadCrashToken" });
        Assert.DoesNotContain(pair.Told, e => e.Kind == EventKind.CrashDetected);
        ExpectKept(pair);
    }

    [Fact]
    public void A_connection_that_began_in_the_later_life_is_not_broken_with_the_others()
    {
        using var pair = new EnginePair(birth: 1);
        pair.WConnects(40005);
        var old = pair.W.Latches().Single(l => l.Flow.LocalPort == 40005);
        pair.Run(TimeSpan.FromSeconds(1));
        pair.RestartC(birth: 2);
        pair.Run(TimeSpan.FromSeconds(1));
        pair.WConnects(40006);
        pair.WSendsInVain();
        ExpectBroken(pair);
        Assert.Equal(
            (LatchState.Broken, LatchState.Established),
            (pair.W.Latches().Single(l => l.Id == old.Id).State, pair.W.Latches().Single(l => l.Flow.LocalPort == 40006).State));
    }

    [Fact]
    public void A_later_life_is_remembered_from_one_IKE_SA_to_the_next_as_long_as_latches_are()
    {
        using var pair = new EnginePair(birth: 1);
        pair.C.Shutdown(pair.Now);
        pair.Run(TimeSpan.FromSeconds(1));
        Assert.Empty(pair.W.Sas());
        Assert.Equal(LatchState.Established, pair.Latch.State);
        pair.RestartC(birth: 2);
        pair.CConnects(40001);
        ExpectBroken(pair);
    }

    private static void ExpectBroken(EnginePair pair)
    {
        Assert.Equal((LatchState.Broken, nameof(BreakReason.PeerRestarted)), (pair.Latch.State, pair.Latch.Reason));
        Assert.Contains(pair.OfW<NotifyFlow>(), n => n.Flow == EnginePair.Flow.Reversed);
    }

    private static void ExpectKept(EnginePair pair)
    {
        Assert.Equal(LatchState.Established, pair.Latch.State);
        Assert.DoesNotContain(pair.Told, e => e.Kind == EventKind.LatchBroken);
        Assert.Empty(pair.OfW<NotifyFlow>());
    }

    private static void ExpectOneIkeSa(EnginePair pair) => Assert.Equal("established", Assert.Single(pair.W.Sas()).State);
}
