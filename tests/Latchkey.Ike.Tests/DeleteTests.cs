using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Every SA ends on both sides, once, with a reason (RFC 7296 §1.4.1).</summary>
public class DeleteTests
{
    [Fact]
    public void A_deleted_Child_SA_goes_on_both_sides_and_the_IKE_SA_stays()
    {
        using var pair = new Pair();
        pair.Establish();
        pair.A.Do(host => host.DeleteChild(pair.Now, pair.A.Only<ChildEstablished>().Child, CloseReason.DeletedLocally, "not needed"));
        Assert.Equal(CloseReason.DeletedLocally, pair.A.Only<ChildClosed>().Reason);
        pair.Run();
        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<ChildClosed>().Reason);
        Assert.Single(pair.A.Host.Sas);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void Both_sides_deleting_at_once_is_no_trouble()
    {
        using var pair = new Pair();
        pair.Establish();
        pair.A.Do(host => host.DeleteChild(pair.Now, pair.A.Only<ChildEstablished>().Child, CloseReason.DeletedLocally, ""));
        pair.B.Do(host => host.DeleteChild(pair.Now, pair.B.Only<ChildEstablished>().Child, CloseReason.DeletedLocally, ""));
        pair.Run();
        pair.A.Only<ChildClosed>();
        pair.B.Only<ChildClosed>();
        RekeyTests.AssertAgree(pair);
    }

    [Fact]
    public void Deleting_an_IKE_SA_closes_its_children_first_and_tells_the_peer()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.DeletedLocally, "shutting down", tellPeer: true));
        Assert.Equal("shutting down", pair.A.Only<IkeSaClosed>().Text);
        pair.Run();
        foreach (var side in new[] { pair.A, pair.B })
        {
            Assert.Equal(CloseReason.IkeSaClosed, side.Only<ChildClosed>().Reason);
            Assert.True(side.Log.IndexOf(side.Only<ChildClosed>()) < side.Log.IndexOf(side.Only<IkeSaClosed>()));
        }

        Assert.Equal(CloseReason.DeletedByPeer, pair.B.Only<IkeSaClosed>().Reason);
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void Both_sides_deleting_the_IKE_SA_at_once_end_it_once()
    {
        using var pair = new Pair();
        var (a, b) = pair.Establish();
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.DeletedLocally, "", tellPeer: true));
        pair.B.Do(host => host.DeleteIkeSa(pair.Now, b, CloseReason.DeletedLocally, "", tellPeer: true));
        pair.Run();
        pair.A.Only<IkeSaClosed>();
        pair.B.Only<IkeSaClosed>();
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void A_lost_Delete_is_sent_again()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var lost = 0;
        pair.Wire.Tap = flight => lost++ < 2 ? null : flight;
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.DeletedLocally, "", tellPeer: true));
        pair.Run(10);
        pair.B.Only<IkeSaClosed>();
    }

    [Fact]
    public void Without_telling_the_peer_nothing_is_sent()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var before = pair.Wire.Sent.Count;
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.PeerGone, "proved", tellPeer: false));
        pair.Run(1);
        Assert.Equal(before, pair.Wire.Sent.Count);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void A_Delete_behind_a_request_under_way_still_goes_out()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, a, CloseReason.DeletedLocally, "", tellPeer: true));
        Assert.Equal(2, pair.A.Said<ChildFailed>().Count());
        pair.Run(1);
        pair.B.Only<IkeSaClosed>();
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void A_Child_SA_asked_for_under_no_IKE_SA_fails_at_once()
    {
        using var pair = new Pair();
        pair.A.Do(host => host.CreateChild(pair.Now, new IkeSaHandle(77), new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        Assert.Equal(CloseReason.IkeSaClosed, pair.A.Only<ChildFailed>().Reason);
    }
}
