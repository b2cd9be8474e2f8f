using Latchkey.Contract;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

public class AnswersTests
{
    [Fact]
    public void Unanswered_data_is_reported_again_and_again_until_something_comes_back()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, payload: 1));
        pair.C.Pass(150);
        Assert.Empty(pair.C.Events.Take());
        pair.C.Pass(50);
        pair.C.Pass(50);
        pair.C.Pass(150);
        Assert.Equal(["unanswered channel 1 200", "unanswered channel 1 400"], pair.C.Events.Take());

        pair.W.Send(Packets.Tcp(pair.Tcp.Reversed, TcpFlags.Ack));
        pair.W.CarryTo(pair.C);
        pair.C.Events.Take();
        pair.C.Pass(1000);
        Assert.Empty(pair.C.Events.Take());
    }

    [Fact]
    public void A_bare_acknowledgment_expects_no_answer_and_a_keepalive_probe_does()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, seq: 100, ack: 7));
        pair.C.Pass(1000);
        Assert.Empty(pair.C.Events.Take());
        pair.C.Send(Packets.Tcp(pair.Tcp, TcpFlags.Ack, seq: 99, ack: 7));
        pair.C.Pass(200);
        Assert.Equal(["unanswered channel 1 200"], pair.C.Events.Take());
    }

    [Fact]
    public void Unanswered_datagrams_are_reported_only_while_more_are_sent()
    {
        using var pair = new Pair();
        pair.C.Send(Packets.Udp(pair.Udp));
        pair.C.Pass(300);
        pair.C.Pass(300);
        Assert.Single(pair.C.Events.Take());
        pair.C.Send(Packets.Udp(pair.Udp));
        pair.C.Pass(50);
        Assert.Single(pair.C.Events.Take());
    }
}
