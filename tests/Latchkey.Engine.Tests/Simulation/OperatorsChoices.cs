using Latchkey.Latching;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>What the operator may choose: closing a latch, and what silence and strangers mean.</summary>
public sealed class OperatorsChoices
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly ProtectEntry Service = Standard.Service;

    [Fact]
    public void L19_L38_An_administrator_closes_a_latch_and_its_owner_sees_a_reset()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.True(theatre.W.Daemon!.CloseLatch(theatre.Latch.Id));
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon.Raised, e => e is { Kind: EventKind.LatchClosed, Reason: nameof(ClosedReason.Administrative) });
    }

    [Fact]
    public void L19_A_latch_that_does_not_exist_cannot_be_closed()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.False(theatre.W.Daemon!.CloseLatch(new LatchId(4711)));
        Assert.True(theatre.Served.IsOpen);
    }

    [Fact]
    public void L16_Silence_breaks_the_latch_when_the_policy_says_so()
    {
        using var theatre = new Theatre(service: Service with { OnSilence = Reaction.Close });
        theatre.Connect();
        theatre.C.Detach();
        theatre.Served.Write(100);
        Assert.NotNull(theatre.TimeToNotice(TimeSpan.FromMinutes(3)));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerDead) });
    }

    [Fact]
    public void S5a_Silence_is_packet_loss_by_default()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        theatre.C.Detach();
        theatre.Served.Write(100);
        Assert.Null(theatre.TimeToNotice(TimeSpan.FromMinutes(5)));
        Assert.Equal(LatchState.Established, theatre.Latch.State);
    }

    [Fact]
    public void A_stranger_in_a_silent_peers_place_ends_the_connection_when_the_policy_says_so()
    {
        using var theatre = new Theatre(cIsKnown: true, service: Service with { OnStranger = Reaction.Close });
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.PeerRefused);
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e.Kind == EventKind.ChildSaEstablished && e.PeerKey == theatre.D.Fingerprint.ToString());
    }

    [Fact]
    public void A_stranger_does_not_end_the_connection_of_a_peer_that_answers_whatever_the_policy_says()
    {
        using var theatre = new Theatre(cIsKnown: true, service: Service with { OnStranger = Reaction.Close });
        var socket = theatre.Connect();
        ShareTheAddress(theatre);
        theatre.ConnectFromD();
        theatre.World.RunFor(Soon);
        socket.Write(500);
        theatre.World.RunFor(Soon);
        Assert.True(theatre.Served.IsOpen);
    }

    /// <summary>C and D both receive what is sent to C's address, and use it at the same time.</summary>
    private static void ShareTheAddress(Theatre theatre)
    {
        theatre.World.Network.AllClaimantsReceive = true;
        theatre.D.TakeOver(theatre.AddressOfC);
        theatre.D.Boot();
        // A port is used up, so that D's connection to W is not the very one that C has.
        theatre.D.Sockets.Connect(theatre.D.Plan.Address, theatre.C.Plan.Address);
    }
}
