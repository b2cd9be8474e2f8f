using Latchkey.Contract;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// clear = "until-ipsec": hosts that never spoke IPsec are reached in clear, and no others. W runs Latchkey; P is a plain
/// host, which may install it later.
/// </summary>
public sealed class ReachedInClear : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly ProtectEntry Opportunistic = Standard.Service with { ClearUntilIpsec = true };

    private World? _world;

    private SimulatedHost W => _world!.Host("W");

    private SimulatedHost P => _world!.Host("P");

    private IEnumerable<EngineEvent> Told => W.Daemon!.Raised;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void B13_A_host_that_never_spoke_IKE_is_reached_in_clear_after_a_bounded_negotiation(bool v6)
    {
        Begin(v6: v6);
        var socket = Connect(W, P);
        Assert.InRange(_world!.Now, TimeSpan.FromMilliseconds(900), TimeSpan.FromMilliseconds(1300));
        Converse(socket);
        Assert.InRange(P.World.Trace.Lines().Count(line => line.Contains("IKE_SA_INIT request", StringComparison.Ordinal)), 3, 6);
        var told = Assert.Single(Told, e => e.Kind == EventKind.FlowClear);
        Assert.Equal(socket.Flow, told.Flow);
        Assert.Contains("never spoke IPsec", told.Text, StringComparison.Ordinal);
        Assert.Equal(socket.Flow, Assert.Single(W.Daemon!.Engine.ClearFlows()).Flow);
        Assert.DoesNotContain(W.Daemon.Engine.Latches(), l => l.Flow == socket.Flow);
    }

    [Fact]
    public void B13_A_plain_host_reaches_us_in_clear_and_its_first_segment_is_not_lost()
    {
        Begin();
        var socket = P.Sockets.Connect(P.Plan.Address, W.Plan.Address);
        Assert.True(_world!.RunUntil(() => socket.IsEstablished, Soon));
        Assert.True(_world.Now < TimeSpan.FromMilliseconds(1300), $"{_world.Now}");
        Converse(socket);
        Assert.Single(Told, e => e.Kind == EventKind.FlowClear);
    }

    [Fact]
    public void B13_By_default_a_plain_host_is_never_reached_in_clear()
    {
        Begin(entry: Standard.Service);
        var outward = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        var inward = P.Sockets.Connect(P.Plan.Address, W.Plan.Address);
        _world!.RunFor(TimeSpan.FromMinutes(1));
        Assert.False(outward.IsEstablished || inward.IsEstablished);
        Assert.Empty(W.Daemon!.Engine.ClearFlows());
    }

    [Fact]
    public void B13_Later_flows_to_the_same_host_do_not_wait_and_ask_again_in_the_background()
    {
        Begin();
        Connect(W, P);
        var begin = _world!.Now;
        Connect(W, P);
        Assert.True(_world.Now - begin < TimeSpan.FromMilliseconds(20));

        _world.RunFor(TimeSpan.FromSeconds(11));
        var asked = Requests();
        begin = _world.Now;
        Connect(W, P);
        Assert.True(_world.Now - begin < TimeSpan.FromMilliseconds(20));
        _world.RunFor(TimeSpan.FromSeconds(2));
        Assert.True(Requests() > asked);

        _world.RunFor(TimeSpan.FromSeconds(70));
        begin = _world.Now;
        Connect(W, P);
        Assert.True(_world.Now - begin > TimeSpan.FromMilliseconds(900), "after a minute the host is asked first");
    }

    [Fact]
    public void B13_A_host_that_begins_to_speak_IPsec_keeps_its_old_flows_in_clear_and_gets_new_ones_protected()
    {
        Begin();
        var old = Connect(W, P);
        Converse(old);
        P.Install();
        var young = P.Sockets.Connect(P.Plan.Address, W.Plan.Address);
        Assert.True(_world!.RunUntil(() => young.IsEstablished, Soon));
        Assert.Contains(W.Daemon!.Engine.Latches(), l => l.Flow == young.Flow.Reversed && l.State == LatchState.Established);
        var second = Connect(W, P);
        Assert.Contains(W.Daemon.Engine.Latches(), l => l.Flow == second.Flow && l.State == LatchState.Established);
        Converse(old);
        Assert.Equal(old.Flow, Assert.Single(W.Daemon.Engine.ClearFlows()).Flow);
        var told = Assert.Single(Told, e => e.Kind == EventKind.IpsecHostFound);
        Assert.Contains("1 flows that went in clear before stay so", told.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void B13_Who_has_spoken_IPsec_is_never_reached_in_clear_again_also_after_a_restart(bool restart)
    {
        Begin();
        var old = Connect(W, P);
        P.Install();
        Connect(W, P, patience: TimeSpan.FromSeconds(30));
        P.Uninstall();
        if (restart)
        {
            W.KillDaemon();
            W.StartDaemon();
        }

        var refused = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        var knocking = P.Sockets.Connect(P.Plan.Address, W.Plan.Address);
        _world!.RunFor(TimeSpan.FromMinutes(3));
        Assert.False(refused.IsEstablished || knocking.IsEstablished);
        Assert.DoesNotContain(_world.Trace.Lines(), line => line.Contains("clear", StringComparison.Ordinal) && line.Contains($"of socket {refused.Serial}", StringComparison.Ordinal));
        var told = Told.First(e => e.Kind == EventKind.ClearRefused);
        Assert.Equal("IpsecHost", told.Reason);
        Assert.NotNull(told.Since);
        Assert.Contains("latchkey forget", told.Text, StringComparison.Ordinal);
        Assert.True(old.IsOpen);
        Converse(old);
        Assert.Equal(old.Flow, Assert.Single(W.Daemon!.Engine.ClearFlows()).Flow);
    }

    [Fact]
    public void B13_A_connection_that_nobody_answered_in_clear_is_protected_when_the_host_turns_out_to_speak_IPsec()
    {
        Begin();
        Connect(W, P);
        P.Install();
        var stuck = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        Assert.True(_world!.RunUntil(() => stuck.IsEstablished, TimeSpan.FromSeconds(10)));
        Assert.Contains(W.Daemon!.Engine.Latches(), l => l.Flow == stuck.Flow && l.State == LatchState.Established);
    }

    [Fact]
    public void B13_Any_IKE_answer_counts_even_a_refusal()
    {
        var strange = Standard.Policy(Opportunistic with { Trust = TrustLevel.Known, ClearUntilIpsec = false });
        Begin(ofP: strange, pRunsLatchkey: true);
        var socket = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        _world!.RunFor(TimeSpan.FromSeconds(20));
        Assert.False(socket.IsEstablished);
        Assert.Empty(W.Daemon!.Engine.ClearFlows());
        Assert.Contains(Told, e => e is { Kind: EventKind.IpsecHostFound });
        Assert.Contains(Told, e => e is { Kind: EventKind.ClearRefused, Reason: "IpsecHost" });
    }

    [Fact]
    public void B13_The_address_of_a_known_peer_is_never_reached_in_clear()
    {
        Begin(ofW: Standard.Policy(Opportunistic, Standard.Known("P", 1, InetAddress.Parse("192.0.2.2"))));
        var socket = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        _world!.RunFor(TimeSpan.FromMinutes(1));
        Assert.False(socket.IsEstablished);
        Assert.Contains(Told, e => e is { Kind: EventKind.ClearRefused, Reason: "KnownPeer" });
    }

    [Fact]
    public void B13_What_anybody_can_forge_does_not_make_a_host_one_that_speaks_IPsec()
    {
        Begin();
        var forger = new OffPathForger(_world!, new SimulatedRandom(5));
        for (var i = 0; i < 500; i++)
        {
            forger.Attack();
            _world!.RunFor(TimeSpan.FromMilliseconds(20));
        }

        Assert.DoesNotContain(P.Plan.Address, W.IpsecHosts.Keys);
        Connect(W, P);
    }

    [Fact]
    public void B13_A_forged_SYN_in_the_name_of_a_host_that_speaks_IPsec_opens_nothing()
    {
        Begin(pRunsLatchkey: true);
        var socket = Connect(W, P);
        _world!.RunFor(TimeSpan.FromSeconds(3));
        foreach (var port in (ushort[])[40000, 41000])
        {
            var flow = new FlowKey(IpProtocol.Tcp, P.Plan.Address, port, W.Plan.Address, TcpStack.ServicePort);
            _world.Network.Spoof(this, new ClearDatagram(new Segment(flow, SegmentFlags.Syn, 1, 0, 0, 0)));
        }

        _world.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(W.Daemon!.Engine.ClearFlows());
        Assert.Single(W.Sockets.Open);
        Converse(socket);
    }

    [Fact]
    public void B13_Nothing_new_goes_in_clear_while_what_must_be_remembered_cannot_be()
    {
        Begin();
        var old = Connect(W, P);
        W.Daemon!.Engine.SuspendClear("the disk is full");
        var socket = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        _world!.RunFor(TimeSpan.FromMinutes(1));
        Assert.False(socket.IsEstablished);
        Assert.Contains(Told, e => e is { Kind: EventKind.ClearRefused, Reason: "ClearSuspended" } && e.Text.Contains("the disk is full", StringComparison.Ordinal));
        Converse(old);
        W.Daemon.Engine.SuspendClear(null);
        Connect(W, P);
    }

    [Fact]
    public void B13_A_killed_daemon_leaves_flows_in_clear_as_they_are_and_lets_no_connection_begin()
    {
        Begin();
        var old = Connect(W, P);
        W.KillDaemon();
        Converse(old);
        var outward = W.Sockets.Connect(W.Plan.Address, P.Plan.Address);
        var inward = P.Sockets.Connect(P.Plan.Address, W.Plan.Address);
        _world!.RunFor(TimeSpan.FromSeconds(20));
        Assert.False(outward.IsEstablished || inward.IsEstablished);
        W.StartDaemon();
        Converse(old);
        Connect(W, P);
    }

    [Fact]
    public void B13_C5_A_policy_that_no_longer_lets_a_flow_go_in_clear_closes_it_and_one_that_lets_it_takes_it_over()
    {
        Begin();
        var socket = Connect(W, P);
        W.ChangePolicy(Standard.Policy(Opportunistic with { OnSilence = Reaction.Close }));
        Converse(socket);
        Assert.Single(W.Daemon!.Engine.ClearFlows());

        W.ChangePolicy(Standard.Policy(Standard.Service));
        Assert.True(_world!.RunUntil(() => !socket.IsOpen, Soon));
        Assert.Equal(SocketOutcome.Reset, socket.Outcome);
        Assert.Empty(W.Daemon.Engine.ClearFlows());
        Assert.Empty(W.InClear);

        W.ChangePolicy(SecurityPolicy.Empty);
        var bypassed = Connect(W, P);
        W.ChangePolicy(Standard.Policy(Opportunistic));
        Converse(bypassed);
        Assert.Equal(bypassed.Flow, Assert.Single(W.Daemon.Engine.ClearFlows()).Flow);
    }

    [Fact]
    public void B13_A_flow_in_clear_ends_with_its_socket()
    {
        Begin();
        var socket = Connect(W, P);
        socket.Close();
        _world!.Sockets.First(s => s.Host == P).Close();
        _world.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(W.Daemon!.Engine.ClearFlows());
        Assert.Empty(W.InClear);
        Assert.Contains(Told, e => e.Kind == EventKind.ClearEnded && e.Flow == socket.Flow);
    }

    [Fact]
    public void B13_Latchkey_that_starts_on_a_host_leaves_its_connections_with_plain_hosts_in_clear()
    {
        Begin(wRunsLatchkey: false);
        var old = Connect(W, P);
        W.Install();
        Converse(old);
        Assert.Equal(old.Flow, Assert.Single(W.Daemon!.Engine.ClearFlows()).Flow);
    }

    public void Dispose() => _world?.Dispose();

    private void Begin(
        bool v6 = false, ProtectEntry? entry = null, SecurityPolicy? ofW = null, SecurityPolicy? ofP = null, bool pRunsLatchkey = false, bool wRunsLatchkey = true)
    {
        var policy = Standard.Policy(entry ?? Opportunistic);
        InetAddress Address(int number) => InetAddress.Parse(v6 ? $"2001:db8::{number}" : $"192.0.2.{number}");
        _world = new World(new WorldPlan(
            Seed: 1,
            [new HostPlan("W", Address(1), 0, wRunsLatchkey, ofW ?? policy), new HostPlan("P", Address(2), 1, pRunsLatchkey, ofP ?? policy)],
            NetworkQuality.Perfect,
            Standard.Engine));
        W.Boot();
        P.Boot();
    }

    private int Requests() => _world!.Trace.Lines().Count(line => line.Contains("IKE_SA_INIT request", StringComparison.Ordinal));

    private TcpSocket Connect(SimulatedHost from, SimulatedHost to, TimeSpan? patience = null)
    {
        var socket = from.Sockets.Connect(from.Plan.Address, to.Plan.Address);
        Assert.True(_world!.RunUntil(() => socket.IsEstablished, patience ?? Soon), string.Join('\n', _world.Trace.Lines()));
        return socket;
    }

    /// <summary>Octets go both ways.</summary>
    private void Converse(TcpSocket socket)
    {
        var peer = _world!.Socket(socket.Peer)!;
        var (sent, answered) = (socket.Written + 3000, peer.Written + 2000);
        socket.Write(3000);
        peer.Write(2000);
        Assert.True(_world.RunUntil(() => peer.Read == sent && socket.Read == answered, TimeSpan.FromSeconds(20)), string.Join('\n', _world.Trace.Lines()));
    }
}
