using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>The leap of faith: the first key is pinned, another is refused and explained, and people have the last word.</summary>
public sealed class FirstUseScenarios
{
    private const int RotatedKey = 40;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly ProtectEntry FirstUse = Standard.Service with { Trust = TrustLevel.FirstUse };

    [Fact]
    public void B13_The_first_key_is_pinned_and_recorded_before_its_peer_is_let_in()
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        Assert.Equal(new Pin(theatre.AddressOfC, theatre.C.Fingerprint, PinOrigin.FirstUse), theatre.W.PinStore.At(theatre.AddressOfC));
        var raised = theatre.W.Daemon!.Raised;
        var pinned = raised.FindIndex(e => e.Kind == EventKind.PeerPinned);
        Assert.InRange(pinned, 0, raised.FindIndex(e => e.Kind == EventKind.IkeSaEstablished));
        Assert.InRange(pinned, 0, raised.FindIndex(e => e.Kind == EventKind.ChildSaEstablished));
        Assert.Equal("first-use", Assert.Single(theatre.W.Daemon.Engine.Peers()).Trust);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void B13_Another_key_at_a_pinned_address_gets_nothing_and_the_refusal_says_what_it_may_mean(bool restart)
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        if (restart)
        {
            theatre.W.Crash();
            theatre.W.Boot();
        }

        theatre.ReplaceC();
        var refused = theatre.ConnectFromD();
        theatre.World.RunUntil(() => !refused.IsOpen, Soon);
        Assert.Equal(SocketOutcome.Refused, refused.Outcome);
        var refusal = Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
        Assert.Contains(refusal.Details!, line => line.Contains($"latchkey forget {theatre.AddressOfC}", StringComparison.Ordinal));
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaEstablished && e.PeerKey == theatre.D.Fingerprint.ToString());
        if (!restart)
        {
            Assert.Equal(LatchState.Established, theatre.Latch.State);
        }
    }

    [Fact]
    public void The_same_key_at_a_new_address_is_recognised()
    {
        using var theatre = new Theatre(service: FirstUse, dHasTheKeyOfC: true);
        theatre.Connect();
        theatre.D.Boot();
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => theatre.W.PinStore.At(theatre.D.Plan.Address) is not null, Soon));
        var moved = Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.PeerMoved);
        Assert.Contains($"the same key was seen at {theatre.AddressOfC}", moved.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newcomer_that_cannot_be_recorded_is_refused_and_running_latches_go_on()
    {
        using var theatre = new Theatre(service: FirstUse);
        var socket = theatre.Connect();
        theatre.W.PinStore.IsFull = true;
        theatre.D.Boot();
        var refused = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        theatre.World.RunUntil(() => !refused.IsOpen, Soon);
        Assert.Equal(SocketOutcome.Refused, refused.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.PeerRefused, Reason: "PinNotRecorded" });
        socket.Write(500);
        Assert.True(theatre.World.RunUntil(() => theatre.Served.Read == 3500, Soon));

        theatre.W.PinStore.IsFull = false;
        var again = theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => again.IsEstablished, Soon));
        Assert.Equal(theatre.D.Fingerprint, theatre.W.PinStore.At(theatre.D.Plan.Address)!.Key);
    }

    /// <summary>C was let in when nobody was pinned, was silent when D came, and is heard again while D's pin is on its way to the disk.</summary>
    [Fact]
    public void B13_Who_is_pinned_is_let_in_whatever_the_peer_that_was_there_before_says_then()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var ofC = theatre.W.Daemon!.Datapath.Sas.First(sa => sa.Direction == SaDirection.Inbound);
        theatre.W.ChangePolicy(Standard.Policy(FirstUse));
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.True(theatre.World.RunUntil(() => theatre.W.PinStore.At(theatre.AddressOfC) is null && theatre.W.Daemon.Engine.Policy.Pins.At(theatre.AddressOfC) is not null, Soon));
        theatre.World.Network.AllClaimantsReceive = true;
        theatre.C.Attach();
        theatre.W.Daemon.Ask(now => theatre.W.Daemon.Engine.HandleFirstInbound(now, ofC.Spi, ofC.Channel));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(theatre.D.Fingerprint, theatre.W.PinStore.At(theatre.AddressOfC)!.Key);
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaEstablished && e.PeerKey == theatre.D.Fingerprint.ToString());
    }

    [Fact]
    public void S9_A_pin_leaves_the_live_latch_alone_and_a_rogue_is_refused_until_it_is_taken_back()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var latch = theatre.Latch;
        Assert.Equal(0, Pin(theatre, theatre.C));
        Assert.Equal(latch, theatre.Latch);
        Assert.Equal("pinned", Assert.Single(theatre.W.Daemon!.Engine.Peers()).Trust);

        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.Null(theatre.TimeToNotice(Soon));
        Assert.Equal(latch, theatre.Latch);
        Assert.Contains(theatre.W.Daemon.Raised, e => e.Kind == EventKind.PeerRefused && e.PeerKey == theatre.D.Fingerprint.ToString());

        theatre.W.Daemon.ChangePins(theatre.AddressOfC, pins => pins.Without(theatre.AddressOfC));
        theatre.ConnectFromD();
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
    }

    [Fact]
    public void S9a_L38_A_pin_that_the_live_peer_does_not_match_resets_its_connection()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.Equal(1, Pin(theatre, theatre.D));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchClosed, Reason: nameof(ClosedReason.Administrative) });
    }

    [Fact]
    public void S9_A_persons_pin_lets_a_peer_in_where_only_known_peers_are_and_taking_it_back_ends_that()
    {
        using var theatre = new Theatre(service: Standard.Service with { Trust = TrustLevel.Known });
        theatre.C.Daemon!.ChangePins(theatre.W.Plan.Address, pins => pins.With(new Pin(theatre.W.Plan.Address, theatre.W.Fingerprint, PinOrigin.Person)));
        Pin(theatre, theatre.C);
        theatre.Connect();
        theatre.W.Daemon!.ChangePins(theatre.AddressOfC, pins => pins.Without(theatre.AddressOfC));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
    }

    [Fact]
    public void A_reload_of_the_configuration_keeps_what_was_learnt()
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        theatre.W.ChangePolicy(Standard.Policy(FirstUse with { OnSilence = Reaction.Close }));
        Assert.NotNull(theatre.W.Daemon!.Engine.Policy.Pins.At(theatre.AddressOfC));
        Assert.Equal(LatchState.Established, theatre.Latch.State);
    }

    [Theory]
    [InlineData(PinOrigin.FirstUse)]
    [InlineData(PinOrigin.Person)]
    public void A_rotated_key_for_which_the_old_one_vouches_is_let_in_without_a_warning(PinOrigin origin)
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        if (origin == PinOrigin.Person)
        {
            Pin(theatre, theatre.C);
        }

        var old = theatre.C.Fingerprint;
        theatre.C.Crash();
        theatre.C.Rotate(RotatedKey);
        theatre.C.Rotate(RotatedKey + 1);
        theatre.C.Boot();
        var again = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        Assert.True(theatre.World.RunUntil(() => again.IsEstablished, Soon));
        Assert.Equal(new Pin(theatre.AddressOfC, theatre.C.Fingerprint, origin), theatre.W.PinStore.At(theatre.AddressOfC));
        var rotated = Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.KeyRotated);
        Assert.Contains(old.ToString(), rotated.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.PeerRefused);
    }

    [Fact]
    public void A_voucher_for_another_key_than_the_one_that_is_proved_helps_nobody()
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        theatre.C.Rotate(RotatedKey);
        theatre.D.Vouchers = theatre.C.Vouchers;
        theatre.ReplaceC();
        var refused = theatre.ConnectFromD();
        theatre.World.RunUntil(() => !refused.IsOpen, Soon);
        Assert.Equal(SocketOutcome.Refused, refused.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.KeyRotated);
    }

    [Fact]
    public void A_rotated_key_that_cannot_be_recorded_is_refused_and_the_old_pin_stays()
    {
        using var theatre = new Theatre(service: FirstUse);
        theatre.Connect();
        var pin = theatre.W.PinStore.At(theatre.AddressOfC);
        theatre.W.PinStore.IsFull = true;
        theatre.C.Crash();
        theatre.C.Rotate(RotatedKey);
        theatre.C.Boot();
        var refused = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        theatre.World.RunUntil(() => !refused.IsOpen, Soon);
        Assert.Equal(SocketOutcome.Refused, refused.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.PeerRefused, Reason: "PinNotRecorded" });
        Assert.Equal(pin, theatre.W.Daemon.Engine.Policy.Pins.At(theatre.AddressOfC));
    }

    /// <returns>Latches that were closed.</returns>
    private static int Pin(Theatre theatre, SimulatedHost to) => theatre.W.Daemon!.ChangePins(
        theatre.AddressOfC, pins => pins.With(new Pin(theatre.AddressOfC, to.Fingerprint, PinOrigin.Person)));
}
