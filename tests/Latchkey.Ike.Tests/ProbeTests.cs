using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Asking quickly whether the peer lives.</summary>
public class ProbeTests
{
    [Fact]
    public void A_living_peer_answers_one_request()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var before = pair.Wire.Sent.Count;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal(before + 2, pair.Wire.Sent.Count);
        Assert.Equal(new ProbeAnswered(a, 2 * pair.Wire.Latency), pair.A.Only<ProbeAnswered>());
        Assert.Empty(pair.A.Said<ProbeSilent>());
    }

    [Fact]
    public void A_silent_peer_is_reported_after_the_train_and_stays_up()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.Wire.Tap = _ => null;
        var before = pair.Wire.Sent.Count;
        var began = pair.Now;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run(0.125);
        // RFC 6298 §2 after two equal measurements R of the handshake: R, and four times three quarters of R/2.
        var spacing = 2.5 * (2 * pair.Wire.Latency);
        Assert.Equal(new ProbeSilent(a, 4, 4 * spacing), pair.A.Only<ProbeSilent>());
        Assert.Equal(
            [began, began + spacing, began + (2 * spacing), began + (3 * spacing)], pair.Wire.Sent.Skip(before).Take(4).Select(f => f.Arrives - pair.Wire.Latency));
        Assert.Equal(IkeSaState.Established, pair.A.Host.Find(a)!.State);
    }

    /// <summary>A path or a peer whose answers come now sooner, now later, is given more time; a steady one less.</summary>
    [Fact]
    public void The_pace_follows_how_much_the_round_trip_varies()
    {
        Assert.InRange(Waited(jitter: 0), TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(60));
        Assert.InRange(Waited(jitter: 30), TimeSpan.FromMilliseconds(150), TimeSpan.FromMilliseconds(1200));
    }

    /// <summary>The first answers of a peer have its key exchange and signature in them.</summary>
    [Fact]
    public void One_plain_answer_counts_for_more_than_the_handshake()
    {
        using var pair = new Pair();
        pair.Wire.Latency = TimeSpan.FromMilliseconds(40);
        var (a, _) = pair.Establish();
        pair.Wire.Latency = TimeSpan.FromMilliseconds(1);
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal(TimeSpan.FromMilliseconds(2), pair.A.Host.Find(a)!.RoundTrip);
        pair.Wire.Latency = TimeSpan.FromMilliseconds(40);
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        Assert.Equal(TimeSpan.FromMilliseconds(2), pair.A.Host.Find(a)!.RoundTrip);
    }

    /// <summary>The first answer of a peer that only just began may have its own start in it; the second counts alone.</summary>
    [Fact]
    public void A_slow_first_answer_does_not_slow_what_follows_and_a_slow_third_does()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        foreach (var (latency, estimate) in new[] { (12, 24.0), (1, 2.0), (4, 2.75) })
        {
            pair.Wire.Latency = TimeSpan.FromMilliseconds(latency);
            pair.A.Do(host => host.Probe(pair.Now, a));
            pair.Run();
            Assert.Equal(TimeSpan.FromMilliseconds(estimate), pair.A.Host.Find(a)!.RoundTrip);
        }
    }

    [Fact]
    public void However_fast_the_path_a_train_lasts_forty_milliseconds()
    {
        using var pair = new Pair();
        pair.Wire.Latency = TimeSpan.FromMicroseconds(50);
        var (a, _) = pair.Establish();
        pair.Wire.Tap = _ => null;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal(TimeSpan.FromMilliseconds(40), pair.A.Only<ProbeSilent>().Waited);
    }

    /// <summary>How long a train lasts after twenty answered probes.</summary>
    private static TimeSpan Waited(int jitter)
    {
        using var pair = new Pair();
        pair.Wire.Jitter = TimeSpan.FromMilliseconds(jitter);
        var (a, _) = pair.Establish();
        for (var i = 0; i < 20; i++)
        {
            pair.A.Do(host => host.Probe(pair.Now, a));
            pair.Run();
        }

        pair.Wire.Tap = _ => null;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run(2);
        return pair.A.Said<ProbeSilent>().Last().Waited;
    }

    [Fact]
    public void A_late_answer_after_a_silent_train_is_reported()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var deaf = true;
        pair.Wire.Tap = flight => deaf ? null : flight;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run(0.2);
        pair.A.Only<ProbeSilent>();
        deaf = false;
        pair.Run(2);
        pair.A.Only<ProbeAnswered>();
    }

    [Fact]
    public void A_request_under_way_is_repeated_instead_of_a_new_one()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        var request = pair.Wire.Sent[^1].Message;
        pair.A.Do(host => host.Probe(pair.Now, a));
        Assert.Equal(request, pair.Wire.Sent[^1].Message);
        pair.Run();
        pair.A.Only<ProbeAnswered>();
        Assert.Equal(2, pair.A.Children.Count);
    }

    [Fact]
    public void An_answer_to_a_repeated_request_measures_nothing()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var measured = pair.A.Host.Find(a)!.RoundTrip;
        var lost = 0;
        pair.Wire.Tap = flight => lost++ == 0 ? null : flight;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        pair.A.Only<ProbeAnswered>();
        Assert.Equal(measured, pair.A.Host.Find(a)!.RoundTrip);
    }

    [Fact]
    public void Three_lost_datagrams_do_not_make_a_peer_silent()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var lost = 0;
        pair.Wire.Tap = flight => lost++ < 3 ? null : flight;
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        pair.A.Only<ProbeAnswered>();
        Assert.Empty(pair.A.Said<ProbeSilent>());
    }

    [Fact]
    public void Nothing_is_probed_that_is_not_established()
    {
        using var pair = new Pair();
        var (a, _) = pair.A.Initiate(pair.B);
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.A.Do(host => host.Probe(pair.Now, new IkeSaHandle(99)));
        Assert.Single(pair.Wire.Sent);
    }
}
