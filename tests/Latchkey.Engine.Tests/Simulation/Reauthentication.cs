using Latchkey.Contract;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// Peers prove themselves anew under another IKE SA before their time is over, and no connection notices; who does not is cut
/// off, and its connections are told.
/// </summary>
public sealed class Reauthentication
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly EngineSettings Limited = Standard.Engine with { Ike = Standard.Engine.Ike with { AuthenticationLifetime = Lifetime } };

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void L12_A_peer_that_proves_itself_anew_keeps_its_latches_in_their_channel_and_every_octet_arrives(bool v6, bool foreign)
    {
        using var theatre = new Theatre(v6, cIsForeign: foreign, settings: Limited);
        var socket = theatre.Connect();
        var latch = theatre.Latch;
        var (first, written) = (Sa(theatre.W).Id, 0u);
        for (var i = 0; i < 300; i++)
        {
            socket.Write(100);
            theatre.Served.Write(100);
            written += 100;
            theatre.World.RunFor(TimeSpan.FromMilliseconds(200));
        }

        theatre.World.RunFor(Soon / 5);
        Assert.Equal((3000ul + written, 2000ul + written), (theatre.Served.Read, socket.Read));
        Assert.Equal(latch, theatre.Latch);
        Assert.NotEqual(first, Sa(theatre.W).Id);
        foreach (var host in new[] { theatre.W, theatre.C })
        {
            Assert.Single(Sa(host).Children);
            var told = host.Daemon!.Raised;
            Assert.InRange(told.Count(e => e.Kind == EventKind.IkeSaReauthenticated), 2, 4);
            Assert.DoesNotContain(told, e => e.Kind is EventKind.LatchBroken or EventKind.PeerRestarted or EventKind.ProbeSilent or EventKind.NegotiationFailed);
            Assert.All(told.Where(e => e.Kind == EventKind.IkeSaClosed), e => Assert.Contains(e.Reason, (string[])[nameof(CloseReason.Reauthenticated), nameof(CloseReason.DeletedByPeer)]));
        }
    }

    [Fact]
    public void Until_when_each_proof_counts_is_shown_on_both_ends()
    {
        using var theatre = new Theatre(settings: Limited);
        theatre.Connect();
        var (w, c) = (theatre.W.Daemon!.Engine, theatre.C.Daemon!.Engine);
        var (atW, atC) = (Sa(theatre.W), Sa(theatre.C));
        Assert.Equal((atW.Since + Lifetime, null), (atW.ProofUntil, atW.OwnProofUntil));
        // C began: it was told by W, in whole seconds, how long its own proof counts.
        Assert.Equal((atC.Since + Lifetime, atC.Since + Lifetime), (atC.ProofUntil, atC.OwnProofUntil));
        Assert.Equal((atW.ProofUntil, atC.ProofUntil), (Assert.Single(w.Peers()).ProofUntil, Assert.Single(c.Peers()).ProofUntil));
        theatre.World.RunFor(Lifetime);
        Assert.Equal(Sa(theatre.W).Since + Lifetime, Assert.Single(w.Peers()).ProofUntil);
        Assert.True(Sa(theatre.W).ProofUntil > atW.ProofUntil);
    }

    [Fact]
    public void Nothing_is_shown_of_proofs_that_count_without_end()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.All([theatre.W, theatre.C], host => Assert.Equal((null, null), (Sa(host).ProofUntil, Sa(host).OwnProofUntil)));
        Assert.Null(Assert.Single(theatre.W.Daemon!.Engine.Peers()).ProofUntil);
    }

    /// <summary>docs/decisions/replaced-sas-linger.md</summary>
    [Fact]
    public void A_new_SA_is_not_used_before_the_peer_has_it_and_the_old_one_stays_for_what_is_under_way()
    {
        using var pair = new EnginePair(settings: Limited);
        IReadOnlyList<uint> Installed(SaDirection direction) => [.. pair.OfW<InstallSa>().Where(e => e.Sa.Direction == direction).Select(e => e.Sa.Spi)];
        IReadOnlyList<uint> Removed(SaDirection direction) => [.. pair.OfW<RemoveSa>().Where(e => e.Direction == direction).Select(e => e.Spi)];
        while (Installed(SaDirection.Inbound).Count == 1)
        {
            pair.Run(TimeSpan.FromMilliseconds(1));
        }

        Assert.Single(Installed(SaDirection.Outbound));
        pair.Run(TimeSpan.FromSeconds(1));
        Assert.Contains(pair.Told, e => e.Kind == EventKind.IkeSaReauthenticated);
        Assert.Equal(2, Installed(SaDirection.Outbound).Count);
        Assert.Equal([Installed(SaDirection.Outbound)[0]], Removed(SaDirection.Outbound));
        Assert.Empty(Removed(SaDirection.Inbound));
        pair.Run(TimeSpan.FromSeconds(2));
        Assert.Equal([Installed(SaDirection.Inbound)[0]], Removed(SaDirection.Inbound));
    }

    [Fact]
    public void A_new_SA_is_used_from_the_first_packet_of_the_peer_although_the_old_one_stays()
    {
        using var pair = new EnginePair(settings: Limited);
        var before = pair.OfW<InstallSa>().Count();
        while (pair.OfW<InstallSa>().Count() == before)
        {
            pair.Run(TimeSpan.FromMilliseconds(1));
        }

        var inbound = pair.OfW<InstallSa>().Last().Sa;
        pair.W.HandleFirstInbound(pair.Now, inbound.Spi, inbound.Channel);
        pair.Run(TimeSpan.Zero);
        Assert.Equal((before + 2, SaDirection.Outbound), (pair.OfW<InstallSa>().Count(), pair.OfW<InstallSa>().Last().Sa.Direction));
        Assert.Empty(pair.OfW<RemoveSa>());
    }

    /// <summary>What waits is kept until then, so a peer cannot have us keep any number.</summary>
    [Fact]
    public void Sixteen_SAs_may_wait_beside_others_and_the_next_is_used_at_once()
    {
        using var pair = new EnginePair();
        int Waiting() => pair.OfW<InstallSa>().Count(e => e.Sa.Direction == SaDirection.Inbound) - pair.OfW<InstallSa>().Count(e => e.Sa.Direction == SaDirection.Outbound);
        void Narrow(int first, int count)
        {
            foreach (var port in Enumerable.Range(first, count).Select(p => (ushort)p))
            {
                pair.C.HandleOutboundFlow(pair.Now, EnginePair.FlowFrom(port));
                Assert.Null(pair.C.Grant(pair.Now, EnginePair.FlowFrom(port), FlowWishes.None with { Narrow = true }));
            }

            pair.Run(TimeSpan.FromSeconds(1));
        }

        Narrow(41_000, 16);
        Assert.Equal(16, Waiting());
        Narrow(42_000, 3);
        Assert.Equal(16, Waiting());
        Assert.Equal(1 + 16 + 3, pair.OfW<InstallSa>().Count(e => e.Sa.Direction == SaDirection.Inbound));

        // When those are used there is room again.
        pair.Run(TimeSpan.FromSeconds(2));
        Assert.Equal(0, Waiting());
        Narrow(43_000, 1);
        Assert.Equal(1, Waiting());
    }

    /// <summary>The policies of two hosts need not agree, and what was refused is not asked for again and again.</summary>
    [Fact]
    public void What_the_peer_does_not_make_again_is_asked_for_once()
    {
        using var pair = new EnginePair(settings: Limited);
        var second = Standard.Service with { Name = "second", Protocol = IpProtocol.Udp };
        pair.C.ChangePolicy(pair.Now, new SecurityPolicy([Standard.Service, second], []), []);
        pair.W.ChangePolicy(pair.Now, new SecurityPolicy([Standard.Service, second], []), []);
        pair.C.HandleOutboundFlow(pair.Now, EnginePair.Flow with { Protocol = IpProtocol.Udp });
        pair.Run(TimeSpan.FromSeconds(1));
        var old = Assert.Single(pair.C.Sas());
        Assert.Equal(2, old.Children.Length);

        // W deletes the second Child SA, and C learns nothing of it.
        pair.LostFromW = sent => IkeHeader.TryRead(sent.Message, out var header) && $"{header.SpiI:x16}" == old.SpiI && !header.IsResponse;
        pair.Run(Lifetime * 0.7);
        pair.W.ChangePolicy(pair.Now, Standard.Policy(Standard.Service), []);
        while (pair.C.Sas().Any(sa => sa.Id == old.Id))
        {
            Assert.True(pair.Now < Lifetime, "the old IKE SA is still there");
            pair.Run(TimeSpan.FromMilliseconds(50));
        }

        Assert.Single(Assert.Single(pair.C.Sas()).Children);
        Assert.Single(pair.Told, e => e.Kind == EventKind.ChildRefused);
        Assert.Contains(pair.Told, e => e.Kind == EventKind.IkeSaReauthenticated);
    }

    [Fact]
    public void L17_A_Child_SA_for_one_flow_alone_is_made_again_beside_the_one_for_all()
    {
        using var theatre = new Theatre(settings: Limited);
        var socket = theatre.Connect();
        theatre.C.Daemon!.Ask(now => Assert.Null(theatre.C.Daemon.Engine.Grant(now, socket.Flow, FlowWishes.None with { Narrow = true })));
        theatre.World.RunFor(Lifetime);
        Assert.Contains(theatre.C.Daemon.Raised, e => e.Kind == EventKind.IkeSaReauthenticated);
        Assert.Equal(2, Sa(theatre.C).Children.Length);
        Assert.True(theatre.C.Daemon.Engine.Inquire(socket.Flow)!.Narrow);
        Assert.True(theatre.W.Daemon!.Engine.Inquire(socket.Flow.Reversed)!.Narrow);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L36_Who_does_not_answer_in_time_is_cut_off_and_its_connection_is_told(bool strangerAnswers)
    {
        using var theatre = new Theatre(cIsKnown: true, settings: Limited);
        theatre.Connect();
        theatre.World.RunFor(Lifetime / 2);
        if (strangerAnswers)
        {
            theatre.ReplaceC();
        }
        else
        {
            theatre.C.Detach();
        }

        theatre.World.RunFor(Lifetime * 0.4);
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        Assert.NotNull(theatre.TimeToNotice(Lifetime * 0.2));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        var raised = theatre.W.Daemon!.Raised;
        var broken = Assert.Single(raised, e => e.Kind == EventKind.LatchBroken);
        Assert.Equal(nameof(BreakReason.AuthenticationExpired), broken.Reason);
        Assert.Contains("did not prove itself anew before its time was over", broken.Text, StringComparison.Ordinal);
        if (strangerAnswers)
        {
            Assert.Contains($"{theatre.D.Fingerprint} answered in its place: ", broken.Text, StringComparison.Ordinal);
        }

        var closed = raised.FindIndex(e => e is { Kind: EventKind.IkeSaClosed, Reason: nameof(CloseReason.AuthenticationExpired) });
        Assert.True(raised.IndexOf(broken) < closed);
    }

    /// <summary>Another IKE SA is a proof while the peer answers under it; one that has fallen silent proves nothing.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L36_Another_IKE_SA_counts_as_a_proof_unless_it_is_silent(bool isSilent)
    {
        using var theatre = new Theatre(settings: Limited);
        var (world, w) = (theatre.World, theatre.W);
        var socket = theatre.Connect();
        var first = Sa(w);

        // C takes its IKE SA for dead and begins another; W, which sends nothing, has both.
        world.RunFor(Lifetime / 4);
        world.Network.Partition(theatre.W, theatre.C);
        socket.Write(500);
        Assert.True(world.RunUntil(() => theatre.C.Daemon!.Raised.Any(e => e.Kind == EventKind.WhoIsThere), Soon));
        world.Network.HealPartitions();
        Assert.True(world.RunUntil(() => theatre.Served.Read == 3500 && w.Daemon!.Engine.Sas().Count == 2, Soon), Trace(theatre));
        var second = w.Daemon!.Engine.Sas().Single(sa => sa.Id != first.Id);
        theatre.C.Detach();
        if (isSilent)
        {
            theatre.Served.Write(100);
        }

        Assert.True(world.RunUntil(() => !theatre.Served.IsOpen, Lifetime * 2), Trace(theatre));
        Assert.Equal(isSilent, w.Daemon.Raised.Any(e => e.Kind == EventKind.ProbeSilent));
        var broken = Assert.Single(w.Daemon.Raised, e => e.Kind == EventKind.LatchBroken);
        Assert.Equal(nameof(BreakReason.AuthenticationExpired), broken.Reason);
        Assert.Equal((isSilent ? first : second).Since + Lifetime, broken.At);
    }

    [Fact]
    public void A_stranger_who_answers_in_its_place_does_not_keep_the_peer_from_being_called_again()
    {
        using var theatre = new Theatre(settings: Limited);
        var (world, w, c, d) = (theatre.World, theatre.W, theatre.C, theatre.D);
        var socket = w.Sockets.Connect(w.Plan.Address, theatre.AddressOfC);
        socket.Write(3000);
        Assert.True(world.RunUntil(() => world.Socket(socket.Peer)?.Read == 3000, Soon));
        world.RunFor(Lifetime / 2);

        // Both get what W sends, D first: it is D that W's first call for a new proof comes to.
        world.Network.AllClaimantsReceive = true;
        theatre.ReplaceC();
        c.Attach();
        Assert.True(world.RunUntil(() => w.Daemon!.Raised.Any(e => e.Kind == EventKind.IkeSaEstablished && e.PeerKey == d.Fingerprint.ToString()), Lifetime), Trace(theatre));
        d.Detach();
        // Before C would begin in W's stead.
        Assert.True(world.RunUntil(() => w.Daemon!.Raised.Any(e => e.Kind == EventKind.IkeSaReauthenticated), Lifetime / 10), Trace(theatre));
        world.RunFor(Lifetime / 5);
        Assert.DoesNotContain(w.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
        socket.Write(500);
        Assert.True(world.RunUntil(() => world.Socket(socket.Peer)?.Read == 3500, Soon));
    }

    [Fact]
    public void S4_With_wait_the_connection_goes_on_when_its_peer_proves_itself_after_all()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait }, settings: Limited);
        var socket = theatre.Connect();
        theatre.C.Detach();
        Assert.True(theatre.World.RunUntil(() => theatre.Latch.State == LatchState.Broken, Lifetime));
        theatre.World.RunFor(Soon);
        Assert.Equal(LatchState.Broken, theatre.Latch.State);

        theatre.C.Attach();
        var second = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => second.IsEstablished, Soon * 4));
        Assert.Equal(LatchState.Established, theatre.Latch.State);
        socket.Write(500);
        Assert.True(theatre.World.RunUntil(() => theatre.Served.Read == 3500, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Both_ends_may_begin_at_once_and_nothing_is_lost_by_it()
    {
        using var theatre = new Theatre(settings: Limited);
        var socket = theatre.Connect();
        theatre.World.RunFor(Lifetime / 2);
        theatre.World.Network.Partition(theatre.W, theatre.C);
        // C, which began, has tried for a while, and W has just begun in its stead.
        Assert.True(theatre.World.RunUntil(() => theatre.W.Daemon!.Engine.Sas().Any(sa => sa is { Initiated: true, State: "connecting" }), Lifetime));
        theatre.World.Network.HealPartitions();
        Assert.True(theatre.World.RunUntil(() => new[] { theatre.W, theatre.C }.All(h => h.Daemon!.Raised.Any(e => e.Kind == EventKind.IkeSaReauthenticated)), Soon), Trace(theatre));
        theatre.World.RunFor(Lifetime * 3);
        socket.Write(500);
        Assert.True(theatre.World.RunUntil(() => theatre.Served.Read == 3500, Soon));
        // What both made is one again after the next time.
        Assert.Single(theatre.W.Daemon!.Engine.Sas());
        Assert.Single(theatre.C.Daemon!.Engine.Sas());
        Assert.DoesNotContain(theatre.W.Daemon.Raised.Concat(theatre.C.Daemon.Raised), e => e.Kind is EventKind.LatchBroken or EventKind.PeerRestarted);
    }

    [Fact]
    public void It_may_cross_rekeys_of_everything()
    {
        var settings = Limited with { Ike = Limited.Ike with { AuthenticationLifetime = TimeSpan.FromSeconds(10), IkeLifetime = TimeSpan.FromSeconds(3), ChildLifetime = TimeSpan.FromSeconds(2) } };
        using var theatre = new Theatre(settings: settings);
        var socket = theatre.Connect();
        for (var i = 0; i < 600; i++)
        {
            socket.Write(10);
            theatre.World.RunFor(TimeSpan.FromMilliseconds(200));
        }

        theatre.World.RunFor(Soon);
        Assert.Equal(9000ul, theatre.Served.Read);
        Assert.True(theatre.W.Daemon!.Raised.Count(e => e.Kind == EventKind.IkeSaReauthenticated) >= 10);
        Assert.DoesNotContain(theatre.W.Daemon.Raised.Concat(theatre.C.Daemon!.Raised), e => e.Kind is EventKind.LatchBroken or EventKind.ProbeSilent);
    }

    [Fact]
    public void What_nothing_uses_is_not_made_again()
    {
        using var theatre = new Theatre(settings: Limited);
        theatre.Connect();
        PortPair other = new(new PortRange(7001, 7001), PortRange.Any);
        foreach (var host in new[] { theatre.W, theatre.C })
        {
            host.ChangePolicy(Standard.Policy(Standard.Service with { Ports = [other] }));
        }

        theatre.World.RunFor(Soon);
        Assert.Empty(Sa(theatre.C).Children);
        theatre.World.RunFor(Lifetime);
        Assert.Empty(theatre.C.Daemon!.Engine.Sas());
        Assert.Single(theatre.C.Daemon.Raised, e => e.Kind == EventKind.IkeSaEstablished);
    }

    private static string Trace(Theatre theatre) => string.Join('\n', theatre.World.Trace.Lines().TakeLast(400));

    private static IkeSaSnapshot Sa(SimulatedHost host) => Assert.Single(host.Daemon!.Engine.Sas());
}
