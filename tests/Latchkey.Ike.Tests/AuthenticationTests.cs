using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>The peer's signature, then the verdict on its key.</summary>
public class AuthenticationTests
{
    [Fact]
    public void B6_A_refused_initiator_is_told_and_nothing_remains()
    {
        using var pair = new Pair();
        pair.B.OnPeer = _ => new PeerVerdict.Refuse("nobody knows this key");
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Equal(CloseReason.RefusedByPeer, pair.A.Only<IkeSaClosed>().Reason);
        Assert.Equal(CloseReason.RefusedByPeer, pair.A.Only<ChildFailed>().Reason);
        var closed = pair.B.Only<IkeSaClosed>();
        Assert.Equal((CloseReason.PeerNotAuthenticated, "nobody knows this key"), (closed.Reason, closed.Text));
        AssertNothingRemains(pair);
    }

    [Fact]
    public void A_refused_responder_is_told_so_and_nothing_remains()
    {
        using var pair = new Pair();
        pair.A.OnPeer = _ => new PeerVerdict.Refuse("not the host we want");
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
        var told = pair.B.Only<IkeSaClosed>();
        Assert.Equal(CloseReason.RefusedByPeer, told.Reason);
        Assert.Contains("by a bare public key", told.Text, StringComparison.Ordinal);
        Assert.Contains(told.Refusal!.Differences, d => d.What == "key");
        Assert.Single(pair.B.Said<ChildClosed>());
        AssertNothingRemains(pair);
    }

    [Fact]
    public void The_question_may_be_answered_late_and_is_asked_once()
    {
        using var pair = new Pair();
        pair.B.OnPeer = _ => null;
        pair.A.Initiate(pair.B);
        pair.Run(2);
        var question = pair.B.Only<AuthorizePeer>();
        Assert.Equal(IkeSaState.Authorizing, pair.B.Host.Find(question.Sa)!.State);
        Assert.True(pair.A.Said<SendDatagram>().Count() > 3, "the initiator repeats its request meanwhile");
        pair.B.Do(host => host.AnswerPeer(pair.Now, question.Sa, new PeerVerdict.Accept(new ChildVerdict.Accept(question.Child!.Selectors))));
        pair.Run(1);
        pair.A.Only<IkeSaEstablished>();
        pair.A.Only<ChildEstablished>();
    }

    [Fact]
    public void A_question_that_is_never_answered_ends_the_SA_on_both_sides()
    {
        using var pair = new Pair();
        pair.A.OnPeer = _ => null;
        pair.A.Initiate(pair.B);
        pair.Run(60);
        pair.A.Only<IkeSaClosed>();
        pair.A.Only<ChildFailed>();
        pair.B.Only<IkeSaClosed>();
        AssertNothingRemains(pair);
    }

    [Fact]
    public void Verdicts_for_what_is_gone_are_ignored()
    {
        using var pair = new Pair();
        pair.A.OnPeer = _ => null;
        var (sa, _) = pair.A.Initiate(pair.B);
        pair.Run();
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, sa, CloseReason.DeletedLocally, "changed our mind", tellPeer: true));
        pair.A.Do(host => host.AnswerPeer(pair.Now, sa, new PeerVerdict.Accept(null)));
        pair.A.Do(host => host.AnswerChild(pair.Now, sa, 99, new ChildVerdict.Refuse("")));
        pair.Run(30);
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        AssertNothingRemains(pair);
    }

    [Fact]
    public void Selectors_are_narrowed_by_the_responders_verdict()
    {
        using var pair = new Pair();
        var wide = SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(pair.A.Address), 0), TrafficSelector.For(InetPrefix.Of(pair.B.Address), 0));
        var narrow = SelectorSet.Of(
            TrafficSelector.For(InetPrefix.Of(pair.B.Address), 6, 179, 179), TrafficSelector.For(InetPrefix.Of(pair.A.Address), 6));
        pair.B.OnPeer = _ => new PeerVerdict.Accept(new ChildVerdict.Accept(narrow));
        pair.A.Initiate(pair.B, wide);
        pair.Run();
        Assert.Equal(new SelectorSet(narrow.Remote, narrow.Local), pair.A.Only<AuthorizePeer>().Child!.Selectors);
        Assert.Equal(new SelectorSet(narrow.Remote, narrow.Local), pair.A.Only<ChildEstablished>().Selectors);
        Assert.Equal(narrow, pair.B.Only<ChildEstablished>().Selectors);
    }

    [Fact]
    public void A_refused_Child_SA_leaves_the_IKE_SA_up()
    {
        using var pair = new Pair();
        pair.B.OnPeer = _ => new PeerVerdict.Accept(new ChildVerdict.Refuse("not that port"));
        pair.Establish();
        Assert.Null(pair.A.Only<AuthorizePeer>().Child);
        Assert.Equal(CloseReason.SelectorsUnacceptable, pair.A.Only<ChildFailed>().Reason);
        Assert.Single(pair.A.Host.Sas);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void A_Child_SA_that_the_initiator_refuses_is_deleted_at_the_responder()
    {
        using var pair = new Pair();
        pair.A.OnPeer = _ => new PeerVerdict.Accept(new ChildVerdict.Refuse("a conflict arose"));
        pair.Establish();
        Assert.Equal("a conflict arose", pair.A.Only<ChildFailed>().Text);
        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<ChildClosed>().Reason);
        Assert.Single(pair.B.Host.Sas);
    }

    internal static void AssertNothingRemains(Pair pair)
    {
        pair.Run(300);
        foreach (var side in new[] { pair.A, pair.B })
        {
            Assert.Empty(side.Host.Sas);
            Assert.Empty(side.Children);
            Assert.Equal(0, side.Host.HalfOpenCount);
            Assert.Null(side.Host.NextDeadline);
        }
    }
}
