using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Latches of inner flows: what holds in transport mode holds in a tunnel, with the peer at the tunnel's other end.</summary>
public sealed class Tunnels() : TunnelTheatre(Entry)
{
    [Fact]
    public void L9_A_latch_names_the_inner_flow_and_its_channel_the_outer_addresses()
    {
        var (_, there) = Connect();
        var connection = W.Daemon!.Engine.Inquire(there.Flow)!;
        Assert.Equal((LatchState.Established, "tunnel"), (connection.Latch.State, connection.Latch.Mode));
        Assert.Equal(Inner, AddressPair.Of(connection.Latch.Flow));
        Assert.Equal((Outer.Local, Outer.Remote), (connection.Parameters!.Local, connection.Parameters.Remote));
        Assert.Equal((Outer.Local, Outer.Remote), (connection.Outer!.Local.Address, connection.Outer.Remote.Address));
        var child = Assert.Single(Assert.Single(W.Daemon.Engine.Sas()).Children);
        Assert.Contains("10.1.0.0-10.1.255.255", child.Selectors, StringComparison.Ordinal);
    }

    [Fact]
    public void S3_L28_Another_key_at_the_tunnels_end_breaks_the_inner_latch_and_its_application_is_told()
    {
        var (_, there) = Connect();
        ReplaceC();
        D.Sockets.Connect(Inner.Remote, Inner.Local);
        Until(() => !there.IsOpen);
        Assert.Equal(SocketOutcome.Reset, there.Outcome);
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void L28_The_lost_outer_address_of_a_tunnel_breaks_its_inner_latches_and_the_local_application_is_told()
    {
        ReplaceC();
        var socket = D.Sockets.Connect(Inner.Remote, Inner.Local);
        socket.Write(100);
        Until(() => World.Sockets.Any(s => s.Host == W && s.Read == 100));
        D.GiveBack();
        Until(() => !socket.IsOpen);
        Assert.Equal(SocketOutcome.Reset, socket.Outcome);
        Assert.Contains(D.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.LocalAddressLost) });
    }

    [Fact]
    public void S15_A_restarted_daemon_goes_on_with_its_inner_latches()
    {
        var (here, there) = Connect();
        W.KillDaemon();
        W.StartDaemon();
        Exchange(here, there);
        Assert.DoesNotContain(W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
    }

    [Fact]
    public void L29_C5_An_entry_that_wants_transport_mode_now_breaks_the_latches_of_the_tunnel()
    {
        var (_, there) = Connect();
        W.ChangePolicy(Standard.Policy(Entry with { Tunnel = null }));
        Until(() => !there.IsOpen);
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PolicyChanged) });
        Assert.DoesNotContain(W.Daemon.Engine.Sas(), sa => !sa.Children.IsEmpty);
    }

    [Fact]
    public void A_peer_that_wants_what_the_tunnel_is_not_for_is_refused()
    {
        C.ChangePolicy(Standard.Policy(C.Policy.Protect[0] with { Local = InetPrefix.Parse("10.3.0.0/16") }));
        var socket = C.Sockets.Connect(InetAddress.Parse("10.3.0.7"), Inner.Local);
        Until(() => !socket.IsOpen);
        Assert.Equal(SocketOutcome.Refused, socket.Outcome);
        Assert.Contains(W.Daemon!.Raised, e => e.Kind == EventKind.ChildRefused);
    }
}
