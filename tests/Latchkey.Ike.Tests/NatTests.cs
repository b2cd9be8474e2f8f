using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>NAT detection and the move to port 4500 (RFC 7296 §2.23).</summary>
public class NatTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_pretended_NAT_moves_both_sides_to_port_4500(bool byInitiator, bool byResponder)
    {
        using var pair = new Pair();
        pair.B.Policy.ForceEncapsulation = byResponder;
        pair.A.Initiate(pair.B, force: byInitiator);
        pair.Run();
        foreach (var side in new[] { pair.A, pair.B })
        {
            var child = side.Only<ChildEstablished>();
            Assert.True(child.UdpEncapsulation);
            Assert.Equal((4500, 4500), (child.Local.Port, child.Remote.Port));
            Assert.Equal(4500, side.Host.Sas.Single().Local.Port);
        }
    }

    [Fact]
    public void A_real_port_translation_is_seen_by_both()
    {
        using var pair = new Pair();
        // A NAT in front of A: its ports come out as others, and are put back on the way in.
        pair.Wire.Tap = flight => flight.From.Address == pair.A.Address
            ? flight with { From = flight.From with { Port = (ushort)(flight.From.Port + 20_000) } }
            : flight with { To = flight.To with { Port = (ushort)(flight.To.Port - 20_000) } };
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.True(pair.A.Only<ChildEstablished>().UdpEncapsulation);
        var child = pair.B.Only<ChildEstablished>();
        Assert.True(child.UdpEncapsulation);
        Assert.Equal(new InetEndpoint(pair.A.Address, 24_500), child.Remote);
    }

    [Fact]
    public void Nobody_completes_from_another_address_what_was_begun_here()
    {
        using var pair = new Pair();
        var elsewhere = InetAddress.Parse("192.0.2.66");
        pair.Wire.Tap = flight => pair.Wire.Sent.Count == 3 ? flight with { From = flight.From with { Address = elsewhere } } : flight;
        pair.A.Initiate(pair.B);
        pair.Run(0.03);
        Assert.Empty(pair.B.Said<AuthorizePeer>());
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.OtherAddress]);
    }
}
