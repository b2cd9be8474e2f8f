using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>What an application may ask for its own connections: a disposition, a Child SA of its own, a quality, a peer.</summary>
public sealed class ApplicationsChoices
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public void L44_S12_The_disposition_an_application_chose_counts_in_place_of_the_policys()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        Assert.Null(Grant(theatre, new FlowWishes { Disposition = Disposition.Wait }));
        Assert.Equal("wait", theatre.Latch.Disposition);
        theatre.ReplaceC();
        theatre.ConnectFromD();

        Assert.Null(theatre.TimeToNotice(TimeSpan.FromSeconds(30)));
        Assert.Equal(LatchState.Broken, theatre.Latch.State);
    }

    [Fact]
    public void L44_Whoever_waits_may_still_choose_when_it_is_broken()
    {
        using var theatre = new Theatre(service: Standard.Service with { OnBreak = Disposition.Wait });
        theatre.Connect();
        theatre.ReplaceC();
        theatre.ConnectFromD();
        Assert.True(theatre.World.RunUntil(() => theatre.Latch.State == LatchState.Broken, Soon));
        Assert.True(theatre.Served.IsOpen);

        Assert.Null(Grant(theatre, new FlowWishes { Disposition = Disposition.Close }));

        Assert.NotNull(theatre.TimeToNotice(Soon));
        Assert.Equal(SocketOutcome.Reset, theatre.Served.Outcome);
    }

    [Fact]
    public void L17_A_Child_SA_for_one_connection_alone_belongs_to_its_channel_and_goes_with_it()
    {
        using var theatre = new Theatre();
        var client = theatre.Connect();
        var channel = theatre.Latch.Channel;
        Assert.Null(Grant(theatre, new FlowWishes { Narrow = true }));
        Assert.True(theatre.World.RunUntil(() => Inquire(theatre).Narrow, Soon));
        Assert.Contains(theatre.W.Daemon!.Engine.Sas().SelectMany(sa => sa.Children), c => c.Channel == channel && c.Selectors.Contains("tcp/7000]", StringComparison.Ordinal));
        Assert.Equal(channel, theatre.Latch.Channel);

        theatre.Served.Write(700);
        Assert.True(theatre.World.RunUntil(() => client.Read == 2700, Soon));

        client.Close();
        theatre.Served.Close();
        Assert.True(theatre.World.RunUntil(() => Children(theatre.W) == 1 && Children(theatre.C) == 1, TimeSpan.FromMinutes(5)));
    }

    [Fact]
    public void L10_What_is_weaker_than_asked_for_is_refused_and_the_latch_stays_as_it_is()
    {
        using var theatre = new Theatre();
        theatre.Connect();
        var before = theatre.Latch;

        Assert.Contains("a latch never changes", Grant(theatre, new FlowWishes { MinimumKeyBits = 4096 }), StringComparison.Ordinal);
        Assert.Contains("wants the peer", Grant(theatre, new FlowWishes { PeerKey = theatre.D.Fingerprint }), StringComparison.Ordinal);

        Assert.Equal(before, theatre.Latch);
        Assert.Null(Grant(theatre, new FlowWishes { MinimumKeyBits = 128, PeerKey = theatre.C.Fingerprint }));
    }

    [Fact]
    public void L31_L33_A_connection_that_cannot_be_latched_as_its_application_demands_fails_and_is_never_made()
    {
        using var theatre = new Theatre();
        var flow = new FlowKey(IpProtocol.Tcp, theatre.W.Plan.Address, 40000, theatre.AddressOfC, TcpStack.ServicePort);
        theatre.W.Daemon!.HandleOutboundFlow(flow, new FlowWishes { PeerKey = theatre.D.Fingerprint });
        theatre.World.RunFor(Soon);

        Assert.Contains(theatre.W.Daemon.Raised, e => e is { Kind: EventKind.NegotiationFailed, Flow: { } refused } && refused == flow && e.Text.Contains("wants the peer", StringComparison.Ordinal));
        Assert.DoesNotContain(theatre.W.Daemon.Raised, e => e is { Kind: EventKind.LatchEstablished, Flow: { } latched } && latched == flow);
    }

    [Fact]
    public void L31_A_connection_that_meets_the_demand_is_latched_with_a_Child_SA_of_its_own()
    {
        using var theatre = new Theatre();
        var flow = new FlowKey(IpProtocol.Tcp, theatre.W.Plan.Address, 40000, theatre.AddressOfC, TcpStack.ServicePort);
        theatre.W.Daemon!.HandleOutboundFlow(flow, new FlowWishes { PeerKey = theatre.C.Fingerprint, Narrow = true });

        Assert.True(theatre.World.RunUntil(() => theatre.W.Daemon.Engine.Inquire(flow) is { Narrow: true, Latch.State: LatchState.Established }, Soon));
        Assert.Equal(1, Children(theatre.W));
    }

    [Fact]
    public void L21_L44_The_owner_of_a_listener_is_told_of_each_latch_born_from_it_and_chooses_for_them()
    {
        using var theatre = new Theatre();
        var listener = Listen(theatre, new FlowWishes { Disposition = Disposition.Wait });
        theatre.Connect();

        var born = Assert.Single(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.LatchEstablished);
        Assert.Equal(theatre.W.Daemon.Engine.Inquire(listener)!.Id, born.Listener);
        Assert.Equal("wait", theatre.Latch.Disposition);
    }

    [Fact]
    public void L32_What_a_listeners_owner_does_not_want_never_reaches_it()
    {
        using var theatre = new Theatre();
        Listen(theatre, new FlowWishes { PeerKey = theatre.D.Fingerprint });
        var client = theatre.C.Sockets.Connect(theatre.AddressOfC, theatre.W.Plan.Address);
        theatre.World.RunFor(Soon);

        Assert.False(client.IsEstablished);
        Assert.DoesNotContain(theatre.World.Sockets, socket => socket.Host == theatre.W);
        Assert.Contains(theatre.W.Daemon!.Raised, e => e.Kind == EventKind.NegotiationFailed && e.Text.Contains("wants the peer", StringComparison.Ordinal));
    }

    [Fact]
    public void What_one_socket_wished_does_not_count_for_the_next_at_its_address()
    {
        using var theatre = new Theatre();
        var listener = Listen(theatre, new FlowWishes { Disposition = Disposition.Wait });
        theatre.W.Daemon!.Engine.ForgetWishes(listener);
        theatre.Connect();

        Assert.Equal("close", theatre.Latch.Disposition);
    }

    [Fact]
    public void L6_L7_L48_Both_ends_know_the_keys_the_proof_and_the_same_bindings()
    {
        using var theatre = new Theatre();
        var client = theatre.Connect();
        var atW = Inquire(theatre);
        var atC = theatre.C.Daemon!.Engine.Inquire(client.Flow)!;

        Assert.Equal(theatre.C.Fingerprint, atW.Authentication!.Peer.Fingerprint);
        Assert.Equal("anyone", atW.Authentication.Trust);
        Assert.Equal(atC.Authentication!.EndPointBinding, atW.Authentication.EndPointBinding);
        Assert.Equal(atC.Authentication.UniqueBinding, atW.Authentication.UniqueBinding);
    }

    private static string? Grant(Theatre theatre, FlowWishes wishes)
    {
        string? refusal = null;
        theatre.W.Daemon!.Ask(now => refusal = theatre.W.Daemon.Engine.Grant(now, theatre.Served.Flow, wishes));
        return refusal;
    }

    private static ListenerKey Listen(Theatre theatre, FlowWishes wishes)
    {
        var key = new ListenerKey(IpProtocol.Tcp, theatre.W.Plan.Address, TcpStack.ServicePort);
        theatre.W.Daemon!.Ask(now => theatre.W.Daemon.Engine.HandleListeners(now, [key]));
        Assert.Null(theatre.W.Daemon.Engine.Grant(key, wishes));
        return key;
    }

    private static ConnectionSnapshot Inquire(Theatre theatre) => theatre.W.Daemon!.Engine.Inquire(theatre.Served.Flow)!;

    private static int Children(SimulatedHost host) => host.Daemon!.Engine.Sas().Sum(sa => sa.Children.Length);
}
