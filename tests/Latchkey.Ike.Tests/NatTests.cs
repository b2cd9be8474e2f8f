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

    [Fact]
    public void A_pretended_NAT_is_not_taken_for_a_real_one()
    {
        using var pair = new Pair();
        pair.B.Policy.ForceEncapsulation = true;
        pair.A.Initiate(pair.B, force: true);
        pair.Run();
        foreach (var side in new[] { pair.A, pair.B })
        {
            Assert.Equal(default, side.Only<IkeSaEstablished>().Nat);
            Assert.False(side.Only<ChildEstablished>().Translated);
        }
    }

    /// <summary>RFC 7296 §2.23.1: each side has selectors with the addresses that packets have where it is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L8_Behind_a_NAT_each_side_speaks_of_the_addresses_it_sees(bool pretendToo)
    {
        using var pair = new Pair();
        PutABehindANat(pair);
        pair.A.Initiate(pair.B, force: pretendToo);
        pair.Run();
        Assert.Equal(new NatSides(Here: true, There: false), pair.A.Only<IkeSaEstablished>().Nat);
        Assert.Equal(new NatSides(Here: false, There: true), pair.B.Only<IkeSaEstablished>().Nat);
        var (inside, outside) = (pair.A.Only<ChildEstablished>(), pair.B.Only<ChildEstablished>());
        Assert.Equal(Between(pair.A.Address, pair.B.Address), inside.Selectors);
        Assert.Equal(Between(pair.B.Address, Public), outside.Selectors);
        Assert.Equal(pair.A.Address, outside.PeerInner);
        Assert.True(inside.Translated && outside.Translated);
    }

    [Fact]
    public void L27_A_grant_narrowed_on_one_side_of_a_NAT_is_narrow_on_the_other()
    {
        using var pair = new Pair();
        PutABehindANat(pair);
        pair.B.OnPeer = question => new PeerVerdict.Accept(new ChildVerdict.Accept(question.Child!.Selectors with
        {
            Remote = [Tcp(Public, 0, 39_999), Tcp(Public, 40_001, 65535)],
        }));
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Equal([Tcp(pair.A.Address, 0, 39_999), Tcp(pair.A.Address, 40_001, 65535)], pair.A.Only<ChildEstablished>().Selectors.Local);
    }

    [Fact]
    public void Who_is_behind_a_NAT_knows_itself_by_its_public_address_when_it_is_asked()
    {
        using var pair = new Pair();
        PutABehindANat(pair);
        pair.A.Initiate(pair.B);
        pair.Run();
        pair.B.Do(host => host.CreateChild(pair.Now, pair.B.Only<IkeSaEstablished>().Sa, new ChildProposal(Between(pair.B.Address, Public))));
        pair.Run();
        Assert.Equal(Between(pair.A.Address, pair.B.Address), pair.A.Only<AuthorizeChild>().Child.Selectors);
        Assert.Equal(Between(pair.B.Address, Public), pair.B.Said<ChildEstablished>().Last().Selectors);
    }

    [Fact]
    public void Without_a_NAT_no_other_address_is_taken_for_the_peers_own()
    {
        using var pair = new Pair();
        var elsewhere = InetAddress.Parse("10.0.0.9");
        pair.A.Initiate(pair.B, Between(elsewhere, pair.B.Address), force: true);
        pair.Run();
        Assert.Equal(Between(pair.B.Address, elsewhere), pair.B.Only<AuthorizePeer>().Child!.Selectors);
    }

    /// <summary>RFC 3948 §4: who is behind the NAT keeps its mapping alive, and nobody else does.</summary>
    [Fact]
    public void Keepalives_are_sent_from_behind_a_NAT_only()
    {
        using var pair = new Pair();
        PutABehindANat(pair);
        pair.A.Initiate(pair.B);
        pair.Run(61);
        Assert.Equal(
            Enumerable.Repeat(new SendKeepalive(new InetEndpoint(pair.A.Address, 4500), new InetEndpoint(pair.B.Address, 4500)), 3), pair.A.Said<SendKeepalive>());
        Assert.Empty(pair.B.Said<SendKeepalive>());
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, pair.A.Only<IkeSaEstablished>().Sa, CloseReason.DeletedLocally, "enough", tellPeer: true));
        pair.Run(60);
        Assert.Equal(3, pair.A.Said<SendKeepalive>().Count());
    }

    [Fact]
    public void A_NAT_that_changes_its_mapping_is_followed_by_what_is_fresh_only()
    {
        using var pair = new Pair();
        PutABehindANat(pair);
        var (a, _) = pair.A.Initiate(pair.B);
        pair.Run();
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        var request = pair.Wire.Sent.Last(f => f.From.Address == pair.A.Address);
        PutABehindANat(pair, shift: 30_000);
        pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, new InetEndpoint(Public, 34_500), request.Message));
        Assert.Equal(24_500, pair.B.Host.Sas.Single().Remote.Port);

        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal(34_500, pair.B.Host.Sas.Single().Remote.Port);
        Assert.Equal(34_500, Assert.Single(pair.B.Children.Values).Remote.Port);
        Assert.Single(pair.A.Children);
    }

    private static readonly InetAddress Public = InetAddress.Parse("198.51.100.99");

    /// <summary>What A sends comes from another address and other ports, and what is sent there comes to A.</summary>
    private static void PutABehindANat(Pair pair, int shift = 20_000) => pair.Wire.Tap = flight => flight.From.Address == pair.A.Address
        ? flight with { From = new InetEndpoint(Public, (ushort)(flight.From.Port + shift)) }
        : flight.To.Address == Public ? flight with { To = new InetEndpoint(pair.A.Address, (ushort)(flight.To.Port - shift)) } : null;

    private static SelectorSet Between(InetAddress local, InetAddress remote) => SelectorSet.Of(Tcp(local, 0, 65535), Tcp(remote, 0, 65535));

    private static TrafficSelector Tcp(InetAddress address, ushort first, ushort last) =>
        TrafficSelector.For(InetPrefix.Of(address), (byte)IpProtocol.Tcp, first, last);
}
