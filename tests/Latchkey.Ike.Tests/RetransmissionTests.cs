using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Requests are repeated with growing waits, answers are repeated as they were (RFC 7296 §2.1, §2.4).</summary>
public class RetransmissionTests
{
    [Fact]
    public void Waits_double_up_to_the_maximum_and_end_in_PeerSilent()
    {
        using var pair = new Pair();
        pair.Wire.Tap = _ => null;
        pair.A.Initiate(pair.B);
        pair.Run(600);
        var settings = Pair.Settings();
        Assert.Equal(11, pair.Wire.Sent.Count);
        Assert.True(pair.Wire.Sent[^1].Arrives - pair.Wire.Sent[0].Arrives < settings.GiveUpAfter);
        var waits = pair.Wire.Sent.Zip(pair.Wire.Sent.Skip(1), (x, y) => y.Arrives - x.Arrives).ToList();
        Assert.Equal(settings.RetransmitInitial, waits[0]);
        Assert.All(waits.Zip(waits.Skip(1)), w => Assert.True(w.Second == w.First * 2 || w.Second == settings.RetransmitMaximum));
        Assert.All(pair.Wire.Sent, flight => Assert.Equal(pair.Wire.Sent[0].Message, flight.Message));
        Assert.Equal(CloseReason.PeerSilent, pair.A.Only<IkeSaClosed>().Reason);
        Assert.Equal(CloseReason.PeerSilent, pair.A.Only<ChildFailed>().Reason);
        Assert.Null(pair.A.Host.NextDeadline);
    }

    [Fact]
    public void A_measured_round_trip_makes_the_first_wait_short()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.Wire.Tap = _ => null;
        var before = pair.Wire.Sent.Count;
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run(300);
        var sent = pair.Wire.Sent.Skip(before).ToList();
        Assert.Equal(5 * pair.Wire.Latency, sent[1].Arrives - sent[0].Arrives);
        Assert.Equal(CloseReason.PeerSilent, pair.A.Only<IkeSaClosed>().Reason);
        Assert.Equal(CloseReason.IkeSaClosed, pair.A.Only<ChildClosed>().Reason);
        Assert.True(pair.A.Log.IndexOf(pair.A.Only<ChildClosed>()) < pair.A.Log.IndexOf(pair.A.Only<IkeSaClosed>()));
    }

    [Fact]
    public void A_short_round_trip_does_not_make_a_peer_sooner_dead()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.Wire.Tap = _ => null;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run(80);
        Assert.Empty(pair.A.Said<IkeSaClosed>());
    }

    [Fact]
    public void A_repeated_request_gets_the_same_octets_again_and_is_served_once()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        var request = pair.Wire.Sent[^2];
        var answer = pair.Wire.Sent[^1];
        pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, request.From, request.Message));
        Assert.Equal(answer.Message, pair.Wire.Sent[^1].Message);
        Assert.Equal(2, pair.B.Children.Count);
        Assert.Single(pair.B.Said<AuthorizeChild>());
    }

    [Fact]
    public void Old_requests_and_answers_are_dropped_and_counted()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        var auth = pair.Wire.Sent[2];
        var authAnswer = pair.Wire.Sent[3];
        var before = pair.Wire.Sent.Count;
        pair.B.Do(host => host.HandleDatagram(pair.Now, auth.To, auth.From, auth.Message));
        pair.A.Do(host => host.HandleDatagram(pair.Now, authAnswer.To, authAnswer.From, authAnswer.Message));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.OutsideWindow]);
        Assert.Equal(1, pair.A.Host.Drops[IkeDropReason.UnexpectedResponse]);
        Assert.Equal(before, pair.Wire.Sent.Count);
    }

    [Fact]
    public void Requests_queue_behind_the_one_under_way()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        for (var i = 0; i < 5; i++)
        {
            pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        }

        Assert.Equal(5, pair.Wire.Sent.Count);
        pair.Run();
        Assert.Equal(6, pair.A.Children.Count);
        RekeyTests.AssertAgree(pair);
    }

    [Fact]
    public void Who_is_there_is_asked_quickly_at_first_then_patiently_until_the_time_is_up()
    {
        using var pair = new Pair();
        pair.Wire.Tap = _ => null;
        pair.A.Initiate(pair.B, persistence: new Persistence(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(60)));
        pair.Run(59);
        var waits = pair.Wire.Sent.Zip(pair.Wire.Sent.Skip(1), (x, y) => y.Arrives - x.Arrives).ToList();
        Assert.Equal(TimeSpan.FromMilliseconds(30), waits[0]);
        Assert.Equal(TimeSpan.FromMilliseconds(60), waits[1]);
        Assert.Equal(TimeSpan.FromMilliseconds(500), waits.Max());
        Assert.True(pair.Wire.Sent.Count > 115);
        Assert.Empty(pair.A.Said<IkeSaClosed>());
        pair.Run(2);
        Assert.Equal(CloseReason.PeerSilent, pair.A.Only<IkeSaClosed>().Reason);
    }

    [Fact]
    public void Who_comes_up_while_asked_is_found_within_the_interval()
    {
        using var pair = new Pair();
        pair.Wire.Tap = flight => pair.Now < TimeSpan.FromSeconds(10) ? null : flight;
        pair.A.Initiate(pair.B, persistence: new Persistence(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(60)));
        pair.Run(TimeSpan.FromSeconds(10.6) - pair.Now);
        pair.A.Only<IkeSaEstablished>();
    }
}
