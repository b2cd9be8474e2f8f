using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>Flows that this host forwards end when their packets say so, as a stateful firewall sees it.</summary>
public sealed class FollowedFlowsTests : IDisposable
{
    private static readonly TimeSpan TcpIdle = TimeSpan.FromMinutes(124);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Transitory = TimeSpan.FromMinutes(4);

    private readonly Pair _pair = new();

    /// <summary>C stands for the gateway: what its "local sockets" send is what hosts behind it send.</summary>
    public FollowedFlowsTests()
    {
        _pair.C.Datapath.Follow(_pair.Tcp, TcpIdle);
        _pair.C.Datapath.Follow(_pair.Udp, Idle);
    }

    [Fact]
    public void A_connection_that_is_established_may_be_silent_for_long()
    {
        Establish();
        Wait(TcpIdle - TimeSpan.FromMinutes(1));
        Assert.Null(Ended(_pair.Tcp));
        Wait(TimeSpan.FromMinutes(2));
        Assert.Equal("Idle", Ended(_pair.Tcp));
        Wait(TcpIdle);
        Assert.Null(Ended(_pair.Tcp)); // told once
    }

    [Fact]
    public void One_that_is_not_established_may_not()
    {
        Send(TcpFlags.Syn, seq: 100);
        Wait(Transitory - TimeSpan.FromSeconds(5));
        Assert.Null(Ended(_pair.Tcp));
        Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("Idle", Ended(_pair.Tcp));
    }

    [Fact]
    public void Every_packet_of_either_side_begins_the_time_anew()
    {
        Establish();
        foreach (var move in new Action[] { () => Send(TcpFlags.Ack, seq: 101, ack: 201, payload: 10), () => Deliver(TcpFlags.Ack, seq: 201, ack: 111, payload: 10) })
        {
            Wait(TcpIdle - TimeSpan.FromMinutes(1));
            move();
        }

        Wait(TcpIdle - TimeSpan.FromMinutes(1));
        Assert.Null(Ended(_pair.Tcp));
    }

    [Fact]
    public void When_both_ends_have_closed_it_is_over_after_a_while()
    {
        Establish();
        Send(TcpFlags.Fin | TcpFlags.Ack, seq: 101, ack: 201);
        Deliver(TcpFlags.Fin | TcpFlags.Ack, seq: 201, ack: 102);
        Send(TcpFlags.Ack, seq: 102, ack: 202);
        Assert.Null(Ended(_pair.Tcp)); // the last acknowledgment may have to be repeated
        Wait(Transitory + TimeSpan.FromSeconds(5));
        Assert.Equal("Closed", Ended(_pair.Tcp));
    }

    [Fact]
    public void Another_connection_of_the_same_ports_is_not_closed_because_the_last_one_was()
    {
        Establish();
        Send(TcpFlags.Fin | TcpFlags.Ack, seq: 101, ack: 201);
        Deliver(TcpFlags.Fin | TcpFlags.Ack, seq: 201, ack: 102);
        Send(TcpFlags.Syn, seq: 900);
        Deliver(TcpFlags.Syn | TcpFlags.Ack, seq: 700, ack: 901);
        Send(TcpFlags.Ack, seq: 901, ack: 701);
        Wait(Transitory + TimeSpan.FromSeconds(5));
        Assert.Null(Ended(_pair.Tcp));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reset_where_its_receiver_looks_for_it_ends_it_and_another_does_not(bool sent)
    {
        Establish();
        Reset(sent, wrongBy: 1);
        Assert.Null(Ended(_pair.Tcp));
        Reset(sent, wrongBy: 0);
        Assert.Equal("Reset", Ended(_pair.Tcp));
    }

    [Fact]
    public void A_connection_that_is_refused_is_over()
    {
        Send(TcpFlags.Syn, seq: 100);
        Deliver(TcpFlags.Rst | TcpFlags.Ack, seq: 0, ack: 101);
        Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("Reset", Ended(_pair.Tcp));
    }

    [Fact]
    public void A_flow_without_connections_is_over_when_it_is_silent()
    {
        _pair.C.Send(Packets.Udp(_pair.Udp));
        Wait(Idle - TimeSpan.FromSeconds(5));
        Assert.Null(Ended(_pair.Udp));
        Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("Idle", Ended(_pair.Udp));
    }

    /// <summary>A latch that broke stays for as long as its host goes on sending: it must not begin anew with somebody else.</summary>
    [Fact]
    public void A_blocked_flow_is_over_when_the_host_behind_this_one_is_silent()
    {
        Establish();
        _pair.C.Datapath.Block(_pair.Tcp, DropReason.LatchBroken);
        for (var i = 0; i < 3; i++)
        {
            Wait(Transitory - TimeSpan.FromSeconds(5));
            Send(TcpFlags.Ack, seq: 101, ack: 201, payload: 10);
        }

        Assert.Null(Ended(_pair.Tcp));
        Wait(Transitory + TimeSpan.FromSeconds(5));
        Assert.Equal("Idle", Ended(_pair.Tcp));
    }

    [Fact]
    public void What_was_forgotten_or_never_followed_ends_without_a_word()
    {
        Establish();
        _pair.C.Datapath.Forget(_pair.Tcp);
        _pair.C.Datapath.Bind(_pair.Tcp, Host.Channel);
        Send(TcpFlags.Ack, seq: 101, ack: 201);
        Wait(2 * TcpIdle);
        Assert.Null(Ended(_pair.Tcp));
    }

    public void Dispose() => _pair.Dispose();

    private void Establish()
    {
        Send(TcpFlags.Syn, seq: 100);
        Deliver(TcpFlags.Syn | TcpFlags.Ack, seq: 200, ack: 101);
        Send(TcpFlags.Ack, seq: 101, ack: 201);
    }

    private void Send(TcpFlags flags, uint seq, uint ack = 0, int payload = 0)
    {
        _pair.C.Send(Packets.Tcp(_pair.Tcp, flags, seq, ack, payload));
        _pair.C.CarryTo(_pair.W);
    }

    private void Deliver(TcpFlags flags, uint seq, uint ack, int payload = 0)
    {
        _pair.W.Send(Packets.Tcp(_pair.Tcp.Reversed, flags, seq, ack, payload));
        _pair.W.CarryTo(_pair.C);
    }

    private void Reset(bool sent, uint wrongBy)
    {
        if (sent)
        {
            Send(TcpFlags.Rst, seq: 101 - wrongBy);
        }
        else
        {
            Deliver(TcpFlags.Rst, seq: 201 + wrongBy, ack: 0);
        }

        Wait(TimeSpan.FromSeconds(2));
    }

    private void Wait(TimeSpan time) => _pair.C.Pass(time.TotalMilliseconds);

    /// <summary>How the gateway was told that the flow ended since the last question; null: it was not.</summary>
    private string? Ended(FlowKey flow) =>
        _pair.C.Events.Take().Where(e => e.StartsWith($"ended {flow} ", StringComparison.Ordinal)).Select(e => e.Split(' ')[^1]).SingleOrDefault();
}
