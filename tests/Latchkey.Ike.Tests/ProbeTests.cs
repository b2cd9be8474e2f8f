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
        var spacing = 8 * pair.Wire.Latency;
        Assert.Equal(new ProbeSilent(a, 3, 3 * spacing), pair.A.Only<ProbeSilent>());
        Assert.Equal([began, began + spacing, began + (2 * spacing)], pair.Wire.Sent.Skip(before).Take(3).Select(f => f.Arrives - pair.Wire.Latency));
        Assert.Equal(IkeSaState.Established, pair.A.Host.Find(a)!.State);
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
    public void Two_lost_datagrams_do_not_make_a_peer_silent()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var lost = 0;
        pair.Wire.Tap = flight => lost++ < 2 ? null : flight;
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
