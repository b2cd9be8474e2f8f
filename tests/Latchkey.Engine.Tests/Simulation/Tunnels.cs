using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Latches of inner flows: what holds in transport mode holds in a tunnel, with the peer at the tunnel's other end.</summary>
public sealed class Tunnels : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly AddressPair Outer = new(InetAddress.Parse("192.0.2.1"), InetAddress.Parse("192.0.2.2"));
    private static readonly AddressPair Inner = new(InetAddress.Parse("10.1.0.1"), InetAddress.Parse("10.2.0.7"));
    private static readonly ProtectEntry Entry = Standard.Service with { Local = Prefix("10.1.0.0/16"), Remote = Prefix("10.2.0.0/16"), Tunnel = Outer };

    private readonly World _world;

    public Tunnels()
    {
        var policyOfC = Standard.Policy(Entry with { Local = Entry.Remote, Remote = Entry.Local, Tunnel = new AddressPair(Outer.Remote, Outer.Local) });
        _world = new World(new WorldPlan(
            Seed: 1,
            [
                new HostPlan("W", Outer.Local, 0, RunsLatchkey: true, Standard.Policy(Entry)),
                new HostPlan("C", Outer.Remote, 1, RunsLatchkey: true, policyOfC),
                new HostPlan("D", InetAddress.Parse("192.0.2.3"), 2, RunsLatchkey: true, policyOfC),
            ],
            NetworkQuality.Perfect,
            Standard.Engine));
        W.Boot();
        C.Boot();
        W.TakeOver(Inner.Local);
        C.TakeOver(Inner.Remote);
    }

    private SimulatedHost W => _world.Host("W");

    private SimulatedHost C => _world.Host("C");

    private SimulatedHost D => _world.Host("D");

    private TcpSocket Served => _world.Sockets.First(socket => socket.Host == W);

    [Fact]
    public void L9_A_latch_names_the_inner_flow_and_its_channel_the_outer_addresses()
    {
        Connect();
        var connection = W.Daemon!.Engine.Inquire(Served.Flow)!;
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
        Connect();
        C.Detach();
        D.TakeOver(Outer.Remote);
        D.Boot();
        D.Sockets.Connect(Inner.Remote, Inner.Local);
        Assert.True(_world.RunUntil(() => !Served.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Reset, Served.Outcome);
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PeerReplaced) });
    }

    [Fact]
    public void L28_The_lost_outer_address_of_a_tunnel_breaks_its_inner_latches_and_the_local_application_is_told()
    {
        C.Detach();
        D.TakeOver(Outer.Remote);
        D.Boot();
        var socket = D.Sockets.Connect(Inner.Remote, Inner.Local);
        socket.Write(100);
        Assert.True(_world.RunUntil(() => _world.Sockets.Any(s => s.Host == W && s.Read == 100), Soon));
        D.GiveBack();
        Assert.True(_world.RunUntil(() => !socket.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Reset, socket.Outcome);
        Assert.Contains(D.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.LocalAddressLost) });
    }

    [Fact]
    public void S15_A_restarted_daemon_goes_on_with_its_inner_latches()
    {
        var socket = Connect();
        W.KillDaemon();
        W.StartDaemon();
        Served.Write(500);
        Assert.True(_world.RunUntil(() => socket.Read == 2500, Soon));
        Assert.DoesNotContain(W.Daemon!.Raised, e => e.Kind == EventKind.LatchBroken);
    }

    [Fact]
    public void L29_C5_An_entry_that_wants_transport_mode_now_breaks_the_latches_of_the_tunnel()
    {
        Connect();
        W.ChangePolicy(Standard.Policy(Entry with { Tunnel = null }));
        Assert.True(_world.RunUntil(() => !Served.IsOpen, Soon));
        Assert.Contains(W.Daemon!.Raised, e => e is { Kind: EventKind.LatchBroken, Reason: nameof(BreakReason.PolicyChanged) });
        Assert.DoesNotContain(W.Daemon.Engine.Sas(), sa => !sa.Children.IsEmpty);
    }

    [Fact]
    public void A_peer_that_wants_what_the_tunnel_is_not_for_is_refused()
    {
        C.ChangePolicy(Standard.Policy(C.Policy.Protect[0] with { Local = Prefix("10.3.0.0/16") }));
        var socket = C.Sockets.Connect(InetAddress.Parse("10.3.0.7"), Inner.Local);
        Assert.True(_world.RunUntil(() => !socket.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Refused, socket.Outcome);
        Assert.Contains(W.Daemon!.Raised, e => e.Kind == EventKind.ChildRefused);
    }

    public void Dispose() => _world.Dispose();

    private static InetPrefix Prefix(string text) => InetPrefix.TryParse(text, out var prefix, out _) ? prefix : throw new FormatException(text);

    private TcpSocket Connect()
    {
        var socket = C.Sockets.Connect(Inner.Remote, Inner.Local);
        socket.Write(3000);
        Assert.True(_world.RunUntil(() => _world.Sockets.Any(s => s.Host == W && s.Read == 3000), Soon), string.Join(Environment.NewLine, _world.Trace.Lines()));
        Served.Write(2000);
        Assert.True(_world.RunUntil(() => socket.Read == 2000, Soon));
        return socket;
    }
}
