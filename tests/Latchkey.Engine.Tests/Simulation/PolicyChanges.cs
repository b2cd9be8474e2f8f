using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>The operator changes the policy of a running daemon (RFC 5660 §2.3, L29 and L30; C5 and C6).</summary>
public sealed class PolicyChanges
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly ProtectEntry Service = Standard.Service;
    private static readonly AeadAlgorithm Aes128 = Algorithms.FindAead(20, 128)!;
    private static readonly AeadAlgorithm Aes256 = Algorithms.FindAead(20, 256)!;

    private static readonly EngineSettings TwoSuites = Standard.Engine with
    {
        Ike = Standard.Engine.Ike with { EspProposals = [new EspProposal([Aes128, Aes256], [])] },
    };

    [Fact]
    public void L29_C5_A_latch_whose_entry_is_taken_away_breaks_and_its_socket_sends_nothing_in_clear()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        theatre.World.RunFor(Soon);
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PolicyChanged) });
        Assert.Empty(theatre.W.Daemon.Engine.Sas());
    }

    [Fact]
    public void L29_A_flow_that_is_not_protected_any_more_stays_blocked_as_long_as_its_socket_lives()
    {
        using var theatre = new Theatre(service: Service with { OnBreak = Disposition.Wait });
        theatre.Connect();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        theatre.Served.Write(100);
        theatre.World.RunFor(Soon);
        Assert.True(theatre.Served.IsOpen);
        Assert.Equal([theatre.Served.Flow], theatre.W.Daemon!.Engine.FlowsOutsidePolicy());
        Assert.Equal(LatchState.Broken, theatre.Latch.State);

        theatre.Served.Close();
        Assert.True(theatre.World.RunUntil(() => !theatre.Served.IsOpen, TimeSpan.FromMinutes(30)));
        theatre.World.RunFor(Soon);
        Assert.Empty(theatre.W.Daemon.Engine.FlowsOutsidePolicy());
    }

    [Fact]
    public void L29_C5_A_stronger_demand_breaks_the_latch_of_a_peer_that_does_not_meet_it()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(Service with { Trust = TrustLevel.Known }));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PolicyChanged) });
    }

    [Fact]
    public void L29_C5_S16_A_demand_for_another_suite_breaks_the_latch_and_new_connections_have_that_suite()
    {
        using var theatre = new Theatre(service: Service with { Encryption = [Aes128] }, settings: TwoSuites);
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(Service with { Encryption = [Aes256] }));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        var broken = Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
        Assert.Equal(nameof(BreakReason.PolicyChanged), broken.Reason);
        Assert.Contains(Aes256.Name, broken.Text);

        var refused = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        theatre.World.RunFor(Soon);
        Assert.False(refused.IsEstablished);
        var mismatch = theatre.W.Daemon.Raised.Last(e => e.Kind == EventKind.ProposalMismatch);
        Assert.Contains(mismatch.Details!, line => line.Contains(Aes128.Name) && line.Contains(Aes256.Name));

        theatre.C.ChangePolicy(Standard.Policy(Service with { Encryption = [Aes256] }));
        var second = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => second.IsEstablished, Soon));
        Assert.All(theatre.W.Daemon.Engine.Sas().SelectMany(sa => sa.Children), child => Assert.Contains(Aes256.Name, child.Suite));
    }

    [Fact]
    public void L30_A_latch_that_is_kept_under_a_weaker_suite_is_rekeyed_in_it_and_serves_no_other()
    {
        using var theatre = new Theatre(service: Service with { Encryption = [Aes128], OnPolicyChange = PolicyChangeReaction.Keep }, settings: TwoSuites);
        var socket = theatre.Connect();
        var stronger = Standard.Policy(Service with { Encryption = [Aes256] });
        theatre.W.ChangePolicy(stronger);
        theatre.C.ChangePolicy(stronger);
        Assert.True(theatre.Latch.KeepsItsPolicy);
        foreach (var sa in theatre.W.Daemon!.Datapath.Sas.ToList())
        {
            theatre.W.Daemon.Datapath.WearOut(sa);
        }

        var second = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        theatre.World.RunFor(Soon);
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.Served.Read);
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.LatchBroken);
        Assert.False(second.IsEstablished);
    }

    [Fact]
    public void C5_A_latch_that_the_new_policy_agrees_with_follows_it_unbroken()
    {
        using var theatre = new Theatre();
        var socket = theatre.Connect();
        var before = theatre.Latch;
        theatre.W.ChangePolicy(Standard.Policy(Service with { Name = "renamed", OnBreak = Disposition.Wait }));
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.Served.Read);
        Assert.Equal(before with { Entry = "renamed", Disposition = "wait" }, theatre.Latch);
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind is EventKind.ChildSaClosed or EventKind.IkeSaClosed);
    }

    [Fact]
    public void L30_A_latch_whose_entry_says_keep_stays_although_the_policy_is_gone_and_gets_new_SAs()
    {
        using var theatre = new Theatre(service: Service with { OnPolicyChange = PolicyChangeReaction.Keep });
        var socket = theatre.Connect();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        theatre.C.ChangePolicy(SecurityPolicy.Empty);
        Assert.True(theatre.Latch.KeepsItsPolicy);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchKept);
        foreach (var sa in theatre.W.Daemon.Datapath.Sas.ToList())
        {
            theatre.W.Daemon.Datapath.WearOut(sa);
        }

        theatre.World.RunFor(Soon);
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaRekeyed);
        socket.Write(500);
        theatre.Served.Write(700);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.Served.Read);
        Assert.Equal(2700u, socket.Read);
    }

    [Fact]
    public void L30_L47_An_administrator_closes_a_latch_that_was_kept()
    {
        using var theatre = new Theatre(service: Service with { OnPolicyChange = PolicyChangeReaction.Keep });
        theatre.Connect();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        Assert.True(theatre.W.Daemon!.CloseLatch(theatre.Latch.Id));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
    }

    [Fact]
    public void L15_With_a_latch_that_was_kept_go_at_once_the_SAs_that_only_its_own_policy_allowed()
    {
        using var theatre = new Theatre(service: Service with { OnPolicyChange = PolicyChangeReaction.Keep });
        theatre.Connect();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        Assert.NotEmpty(theatre.W.Daemon!.Engine.Sas());
        theatre.W.Daemon.CloseLatch(theatre.Latch.Id);
        Assert.Empty(theatre.W.Daemon.Engine.Sas());
        Assert.True(theatre.World.RunUntil(() => theatre.C.Daemon!.Engine.Sas().Count == 0, Soon), "the peer is told");
    }

    [Fact]
    public void L30_A_kept_latch_lends_its_policy_to_no_other_flow()
    {
        using var theatre = new Theatre(service: Service with { OnPolicyChange = PolicyChangeReaction.Keep });
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(Service with { Trust = TrustLevel.Known }));
        var second = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        theatre.World.RunFor(Soon);
        Assert.False(second.IsEstablished);
        Assert.True(theatre.Latch.KeepsItsPolicy);
    }

    [Fact]
    public void C6_A_peer_that_is_no_longer_authorised_has_its_latch_closed_and_its_SAs_deleted()
    {
        var service = Service with { OnPolicyChange = PolicyChangeReaction.Keep };
        using var theatre = new Theatre(cIsKnown: true, service: service);
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(service with { Trust = TrustLevel.Known }));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchClosed, Reason: nameof(ClosedReason.Administrative) });
        Assert.Empty(theatre.W.Daemon.Engine.Sas());
    }

    [Fact]
    public void C6_An_address_that_is_given_to_another_key_is_taken_from_the_peer_that_is_there()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(Service, new KnownPeer("D", theatre.D.Fingerprint, [InetPrefix.Of(theatre.AddressOfC)])));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchClosed, Reason: nameof(ClosedReason.Administrative) });
    }

    [Fact]
    public void C6_S9_A_peer_that_becomes_known_keeps_its_latch_untouched()
    {
        using var theatre = new Theatre();
        var socket = theatre.Connect();
        var before = theatre.Latch;
        theatre.W.ChangePolicy(Standard.Policy(Service with { Trust = TrustLevel.Known }, new KnownPeer("C", theatre.C.Fingerprint, [InetPrefix.Of(theatre.AddressOfC)])));
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(3500u, theatre.Served.Read);
        Assert.Equal(before with { PeerName = "C" }, theatre.Latch);
        Assert.DoesNotContain(theatre.W.Daemon!.Raised, e => e.Kind is EventKind.ChildSaClosed or EventKind.IkeSaClosed);
    }

    [Fact]
    public void A_broken_latch_returns_when_the_policy_does()
    {
        using var theatre = new Theatre(service: Service with { OnBreak = Disposition.Wait });
        var socket = theatre.Connect();
        var policy = theatre.W.Policy;
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.Equal(3000u, theatre.Served.Read);
        theatre.W.ChangePolicy(policy);
        Assert.True(theatre.World.RunUntil(() => theatre.Served.Read == 3500, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void A_negotiation_under_way_does_not_establish_what_the_new_policy_forbids()
    {
        using var theatre = new Theatre();
        var socket = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => theatre.C.Daemon!.Engine.Sas().Count > 0, Soon));
        theatre.C.ChangePolicy(Standard.Policy(Service with { Trust = TrustLevel.Known }));
        theatre.World.RunFor(Soon);
        Assert.False(socket.IsEstablished);
        Assert.DoesNotContain(theatre.C.Daemon!.Raised, e => e.Kind == EventKind.ChildSaEstablished);
    }

    /// <summary>What the two ends agreed on was allowed when they did.</summary>
    [Fact]
    public void L29_A_newcomer_that_waits_to_be_let_in_is_not_let_in_with_a_suite_that_is_forbidden_meanwhile()
    {
        using var theatre = new Theatre(settings: TwoSuites);
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.True(theatre.World.RunUntil(() => theatre.W.Daemon!.Engine.Sas().Count == 2, Soon), "D waits while C is probed");
        theatre.W.ChangePolicy(Standard.Policy(Service with { Encryption = [Aes256] }));
        theatre.World.RunFor(Soon);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.ChildRefused && e.PeerKey == theatre.D.Fingerprint.ToString());
        Assert.DoesNotContain(theatre.W.Daemon.Engine.Sas().SelectMany(sa => sa.Children), child => child.Suite.Contains(Aes128.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void A_connection_that_began_in_clear_ends_when_it_is_to_be_protected()
    {
        using var theatre = new Theatre();
        theatre.W.ChangePolicy(SecurityPolicy.Empty);
        theatre.C.ChangePolicy(SecurityPolicy.Empty);
        var socket = theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(Service));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.True(socket.IsOpen);
    }
}
