using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>A host loses an address that its connections use: its own applications are told, because nobody else could tell them.</summary>
public sealed class LostAddress
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly ProtectEntry Service = Standard.Service;
    private static readonly InetAddress Second = InetAddress.Parse("192.0.2.77");

    [Fact]
    public void L28_A_lost_local_address_breaks_its_latches_and_the_local_application_is_told_at_once()
    {
        using var theatre = new Theatre();
        var socket = ConnectFromSecond(theatre);
        theatre.C.GiveBack();
        Assert.True(theatre.World.RunUntil(() => !socket.IsOpen, AtOnce));
        Assert.Equal(SocketOutcome.Reset, socket.Outcome);
        var broken = Assert.Single(theatre.C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
        Assert.Equal((nameof(BreakReason.LocalAddressLost), socket.Flow), (broken.Reason, broken.Flow));
        Assert.Contains(theatre.C.Daemon.Raised, e => e is { Kind: EventKind.IkeSaClosed, Reason: nameof(Ike.CloseReason.LocalAddressLost) });
        Assert.Empty(theatre.C.Daemon.Engine.Sas());
    }

    [Fact]
    public void Connections_from_other_addresses_are_not_touched_by_it()
    {
        using var theatre = new Theatre();
        var other = theatre.Connect();
        ConnectFromSecond(theatre);
        theatre.C.GiveBack();
        theatre.World.RunFor(Soon);
        other.Write(500);
        theatre.World.RunFor(Soon);
        Assert.True(other.IsOpen);
        Assert.Equal(3500ul, theatre.World.Socket(other.Peer)!.Read);
    }

    [Fact]
    public void An_address_that_comes_back_within_the_grace_was_not_lost()
    {
        using var theatre = new Theatre();
        var socket = ConnectFromSecond(theatre);
        theatre.C.GiveBack();
        theatre.World.RunFor(Standard.Engine.LostAddressGrace / 2);
        theatre.C.TakeOver(Second);
        theatre.World.RunFor(Soon);
        socket.Write(500);
        Assert.True(theatre.World.RunUntil(() => theatre.World.Socket(socket.Peer)!.Read == 600, Soon));
        Assert.DoesNotContain(theatre.C.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
    }

    [Fact]
    public void S4_With_wait_the_application_is_not_told_and_the_latch_is_broken_for_good()
    {
        using var theatre = new Theatre(service: Service with { OnBreak = Disposition.Wait });
        var socket = ConnectFromSecond(theatre);
        theatre.C.GiveBack();
        theatre.World.RunFor(AtOnce);
        theatre.C.TakeOver(Second);
        theatre.World.RunFor(Soon);
        Assert.True(socket.IsOpen);
        var latch = Assert.Single(theatre.C.Daemon!.Engine.Latches(), l => l.Flow == socket.Flow);
        Assert.Equal((LatchState.Broken, nameof(BreakReason.LocalAddressLost)), (latch.State, latch.Reason));
    }

    [Fact]
    public void A_flow_that_waits_for_protection_from_a_lost_address_is_told_too()
    {
        using var theatre = new Theatre();
        theatre.W.Detach();
        theatre.C.TakeOver(Second);
        var socket = theatre.C.Sockets.Connect(Second, theatre.W.Plan.Address);
        theatre.World.RunFor(TimeSpan.FromMilliseconds(100));
        theatre.C.GiveBack();
        Assert.True(theatre.World.RunUntil(() => !socket.IsOpen, AtOnce));
        Assert.Equal(SocketOutcome.Refused, socket.Outcome);
    }

    [Fact]
    public void L14_An_address_that_was_lost_while_no_daemon_ran_is_lost_for_the_next()
    {
        using var theatre = new Theatre();
        var socket = ConnectFromSecond(theatre);
        theatre.C.KillDaemon();
        theatre.C.GiveBack();
        theatre.C.StartDaemon();
        Assert.True(theatre.World.RunUntil(() => !socket.IsOpen, AtOnce));
        Assert.Contains(theatre.C.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.LocalAddressLost) });
    }

    [Fact]
    public void Packets_of_ours_reach_a_lost_address_before_the_first_notice_and_until_its_sockets_are_gone()
    {
        using var pair = new EnginePair();
        var flow = EnginePair.Flow.Reversed;
        pair.W.HandleLocalAddresses(pair.Now, [InetPrefix.Of(flow.Local)]);
        pair.W.HandleLocalAddresses(pair.Now, []);
        var before = pair.EffectsOfW.Count;
        pair.Run(AtOnce);

        var order = pair.EffectsOfW.Skip(before).Select(e => e switch
        {
            DeliverToLostAddresses { Addresses: [var address] } when address == flow.Local => "deliver",
            BlockFlow { Reason: DropReason.LatchBroken } => "block",
            Raise { Event.Kind: EventKind.LatchBroken } => "alert",
            NotifyFlow { Notice: FlowNotice.Reset } => "notify",
            _ => null,
        }).OfType<string>();
        Assert.Equal(["deliver", "block", "alert", "notify"], order);
        pair.W.HandleSocketsGone(pair.Now, [flow]);
        pair.Run(TimeSpan.Zero);
        Assert.Contains(pair.OfW<DeliverToLostAddresses>(), e => e.Addresses.IsEmpty);
    }

    private static TcpSocket ConnectFromSecond(Theatre theatre)
    {
        theatre.C.TakeOver(Second);
        var socket = theatre.C.Sockets.Connect(Second, theatre.W.Plan.Address);
        socket.Write(100);
        Assert.True(theatre.World.RunUntil(() => socket.Peer != 0 && theatre.World.Socket(socket.Peer)!.Read == 100, Soon));
        return socket;
    }
}
