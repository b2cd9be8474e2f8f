using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>IKE_SA_INIT and IKE_AUTH between two hosts that agree.</summary>
public class SetupTests
{
    [Fact]
    public void Two_hosts_establish_an_IKE_SA_and_a_Child_SA_in_four_messages()
    {
        using var pair = new Pair();
        var (sa, request) = pair.A.Initiate(pair.B);
        pair.Run();

        Assert.Equal(4, pair.Wire.Sent.Count);
        var a = pair.A.Only<IkeSaEstablished>();
        var b = pair.B.Only<IkeSaEstablished>();
        Assert.Equal(sa, a.Sa);
        Assert.True(a.Initiated);
        Assert.False(b.Initiated);
        Assert.Equal((a.SpiI, a.SpiR, a.Suite), (b.SpiI, b.SpiR, b.Suite));
        Assert.Equal(pair.B.Key.Public, a.Key);
        Assert.Equal(pair.A.Key.Public, b.Key);

        var childA = pair.A.Only<ChildEstablished>();
        var childB = pair.B.Only<ChildEstablished>();
        Assert.Equal(request, childA.Request);
        Assert.Null(childB.Request);
        Assert.Equal((childA.InboundSpi, childA.OutboundSpi), (childB.OutboundSpi, childB.InboundSpi));
        Assert.Equal(childA.Suite, childB.Suite);
        Assert.Equal(childA.InboundKey.Span.ToArray(), childB.OutboundKey.Span.ToArray());
        Assert.Equal(childA.OutboundKey.Span.ToArray(), childB.InboundKey.Span.ToArray());
        Assert.NotEqual(childA.InboundKey.Span.ToArray(), childA.OutboundKey.Span.ToArray());
        Assert.Equal(Pair.SelectorsBetween(pair.A, pair.B), childA.Selectors);
        Assert.Equal(Pair.SelectorsBetween(pair.B, pair.A), childB.Selectors);
        Assert.False(childA.UdpEncapsulation);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
    }

    [Fact]
    public void The_responder_announces_both_SAs_before_it_sends_its_answer()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Equal(
            [typeof(HintReceived), typeof(SendDatagram), typeof(AuthorizePeer), typeof(IkeSaEstablished), typeof(ChildEstablished), typeof(SendDatagram)],
            pair.B.Log.Select(o => o.GetType()));
    }
}
