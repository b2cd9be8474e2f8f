using System.Collections.Immutable;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>IKE SAs of tunnels whose ends move (MOBIKE, RFC 4555).</summary>
public class MobilityTests
{
    private static readonly SelectorSet Inner = SelectorSet.Of(For("10.1.0.0/16"), For("10.2.0.0/16"));
    private static readonly InetAddress Elsewhere = InetAddress.Parse("198.51.100.1");
    private static readonly InetAddress Further = InetAddress.Parse("198.51.100.2");

    [Fact]
    public void A_peer_that_moves_takes_its_IKE_SA_and_its_tunnels_with_it()
    {
        using var pair = Tunnel();
        var (a, b) = pair.Establish(Inner, tunnel: true);
        var old = pair.A.Address;
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Equal(
            new IkeSaMoved(a, At(old), At(pair.B.Address), At(Elsewhere), At(pair.B.Address), default, UdpEncapsulation: false), pair.A.Only<IkeSaMoved>());
        Assert.Equal(
            new IkeSaMoved(b, At(pair.B.Address), At(old), At(pair.B.Address), At(Elsewhere), default, UdpEncapsulation: false), pair.B.Only<IkeSaMoved>());

        pair.B.Do(host => host.RekeyChild(pair.Now, pair.B.Children.Keys.Single()));
        pair.Run();
        Assert.Equal(At(Elsewhere), Assert.Single(pair.B.Children.Values).Remote);
        Assert.Equal(At(Elsewhere), Assert.Single(pair.A.Children.Values).Local);
    }

    /// <summary>RFC 4555 §3.3: there is no need to change ports when a NAT is met later.</summary>
    [Fact]
    public void A_tunnel_speaks_from_port_4500_where_there_is_no_NAT_either()
    {
        using var pair = Tunnel();
        pair.Establish(Inner, tunnel: true);
        Assert.All(new[] { pair.A, pair.B }, side => Assert.Equal(4500, side.Host.Sas.Single().Local.Port));
        Assert.All(new[] { pair.A, pair.B }, side => Assert.False(Assert.Single(side.Children.Values).UdpEncapsulation));
    }

    [Fact]
    public void Transport_mode_does_not_move()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        var old = pair.A.Address;
        Assert.All(new[] { pair.A, pair.B }, side => Assert.False(side.Host.Sas.Single().IsMobile));
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Empty(pair.A.Said<IkeSaMoved>().Concat(pair.B.Said<IkeSaMoved>()));
        Assert.Equal(old, pair.A.Host.Sas.Single().Local.Address);
    }

    [Fact]
    public void A_move_that_policy_forbids_is_refused_and_moves_nothing()
    {
        using var pair = Tunnel();
        var (a, b) = pair.Establish(Inner, tunnel: true);
        var old = pair.A.Address;
        pair.B.Policy.MoveObjection = "not there";
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Equal(new MoveRefused(b, At(pair.B.Address), At(Elsewhere), Asked: false, "not there"), pair.B.Only<MoveRefused>());
        Assert.Equal("the peer answered UNACCEPTABLE_ADDRESSES", pair.A.Only<MoveRefused>().Text);
        Assert.Empty(pair.A.Said<IkeSaMoved>().Concat(pair.B.Said<IkeSaMoved>()));
        Assert.Equal(old, pair.B.Host.Sas.Single().Remote.Address);
    }

    [Fact]
    public void Who_did_not_begin_the_IKE_SA_does_not_say_where_it_goes()
    {
        using var pair = Tunnel(Rewriter.Settings);
        var (a, b) = pair.Establish(Inner, tunnel: true);
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => !header.IsFromInitiator && !header.IsResponse ? [new NotifyPayload(NotifyType.UpdateSaAddresses)] : payloads,
        };
        pair.B.Address = Elsewhere;
        pair.B.Do(host => host.Move(pair.Now, b, Elsewhere, pair.A.Address));
        pair.B.Do(host => host.Probe(pair.Now, b));
        pair.Run();
        Assert.Contains("the end that began the IKE SA decides", pair.A.Only<MoveRefused>().Text, StringComparison.Ordinal);
        Assert.Empty(pair.A.Said<IkeSaMoved>());
        Assert.True(pair.A.Host.Find(a)!.IsMobile);
    }

    [Fact]
    public void A_move_that_is_sent_again_from_elsewhere_moves_nothing()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        Move(pair, a, Elsewhere);
        var update = pair.Wire.Sent[^1];
        pair.Run();
        pair.B.Do(host => host.HandleDatagram(pair.Now, update.To, At(Further), update.Message));
        pair.Run();
        Assert.Single(pair.B.Said<IkeSaMoved>());
        Assert.Equal(Elsewhere, pair.B.Host.Sas.Single().Remote.Address);
    }

    [Fact]
    public void A_forged_move_moves_nothing()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        var old = pair.A.Address;
        pair.Wire.Tap = flight =>
        {
            byte[] forged = [.. flight.Message];
            forged[^1] ^= 1;
            return flight with { Message = forged };
        };
        Move(pair, a, Elsewhere);
        pair.Run(0.1);
        Assert.Empty(pair.B.Said<IkeSaMoved>());
        Assert.Equal(old, pair.B.Host.Sas.Single().Remote.Address);
        Assert.True(pair.B.Host.Drops[IkeDropReason.IntegrityFailed] > 0);
    }

    /// <summary>RFC 4555 §3.7: an authenticated peer does not send our traffic to a host that never asked for it.</summary>
    [Fact]
    public void ESP_stays_where_it_is_until_the_peer_answers_where_it_moved_to()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        var old = pair.A.Address;
        // B's question does not arrive where A says it is; its answers do, so that A can go on.
        pair.Wire.Tap = flight => flight.To.Address == Elsewhere && (flight.Message[19] & 0x20) == 0 ? null : flight;
        Move(pair, a, Elsewhere);
        pair.A.Do(host => host.CreateChild(pair.Now, a, new ChildProposal(Inner, [], [], Tunnel: true)));
        pair.Run(0.5);
        Assert.Single(pair.A.Said<IkeSaMoved>());
        Assert.Empty(pair.B.Said<IkeSaMoved>());
        Assert.Equal(2, pair.B.Children.Count);
        Assert.All(pair.B.Children.Values, child => Assert.Equal(At(old), child.Remote));

        pair.Wire.Tap = flight => flight;
        pair.Run(30);
        Assert.Equal(At(Elsewhere), pair.B.Only<IkeSaMoved>().Remote);
    }

    [Fact]
    public void A_wrong_cookie_ends_the_IKE_SA()
    {
        using var pair = Tunnel(Rewriter.Settings);
        var (a, _) = pair.Establish(Inner, tunnel: true);
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.IsFromInitiator && header.IsResponse ? [.. payloads.Select(Wrong)] : payloads,
        };
        Move(pair, a, Elsewhere);
        pair.Run(0.2);
        Assert.Empty(pair.B.Said<IkeSaMoved>());
        Assert.Equal(CloseReason.ProtocolError, pair.B.Only<IkeSaClosed>().Reason);

        static IkePayload Wrong(IkePayload payload) => payload is NotifyPayload { Notify: NotifyType.Cookie2, Data: var data } ? new NotifyPayload(NotifyType.Cookie2, [.. data[1..], data[0]]) : payload;
    }

    [Fact]
    public void Of_several_moves_the_last_counts()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        Move(pair, a, Elsewhere);
        Move(pair, a, Further);
        pair.Run();
        Assert.Equal(Further, pair.A.Said<IkeSaMoved>().Last().Local.Address);
        Assert.Equal(Further, pair.B.Said<IkeSaMoved>().Last().Remote.Address);
        Assert.All(new[] { pair.A, pair.B }, side => Assert.Single(side.Children));
    }

    [Fact]
    public void What_was_under_way_is_repeated_from_the_new_address()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        var old = pair.A.Address;
        pair.Wire.Tap = flight => flight.From.Address == old || flight.To.Address == old ? null : flight;
        pair.A.Do(host => host.RekeyChild(pair.Now, pair.A.Children.Keys.Single()));
        pair.Run(0.2);
        Move(pair, a, Elsewhere);
        pair.Run(10);
        Assert.Equal(Elsewhere, pair.B.Only<IkeSaMoved>().Remote.Address);
        Assert.NotNull(Assert.Single(pair.A.Children.Values).Rekeys);
        Assert.Single(pair.B.Children);
    }

    [Fact]
    public void A_NAT_at_the_new_place_is_seen_and_ESP_travels_in_UDP_from_then_on()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        pair.Wire.Tap = flight => flight.From.Address == Elsewhere ? flight with { From = new InetEndpoint(Further, 24_500) }
            : flight.To.Address == Further ? flight with { To = At(Elsewhere) } : null;
        Move(pair, a, Elsewhere);
        pair.Run(25);
        Assert.True(pair.A.Only<IkeSaMoved>() is { UdpEncapsulation: true, Nat: { Here: true, There: false } });
        var moved = pair.B.Only<IkeSaMoved>();
        Assert.True(moved is { UdpEncapsulation: true, Nat: { Here: false, There: true } });
        Assert.Equal(new InetEndpoint(Further, 24_500), moved.Remote);
        Assert.Equal(new SendKeepalive(At(Elsewhere), At(pair.B.Address)), pair.A.Only<SendKeepalive>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_forbids_NATs_is_told_of_one(bool translated)
    {
        using var pair = Tunnel(Rewriter.Settings);
        var (a, _) = pair.Establish(Inner, tunnel: true);
        byte[] ends = [.. Elsewhere.ToBytes(), .. pair.B.Address.ToBytes(), 4500 >> 8, 4500 & 255, 4500 >> 8, (byte)(4500 + (translated ? 1 : 0))];
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.IsFromInitiator && !header.IsResponse ? payloads.Add(new NotifyPayload(NotifyType.NoNatsAllowed, ends)) : payloads,
        };
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Equal(translated, pair.B.Said<MoveRefused>().Any());
        Assert.Equal(translated, pair.A.Said<MoveRefused>().Any(refused => refused.Text == "the peer answered UNEXPECTED_NAT_DETECTED"));
        Assert.NotEqual(translated, pair.B.Said<IkeSaMoved>().Any());
    }

    [Theory]
    [InlineData(NotifyType.Cookie2, 8, true)]
    [InlineData(NotifyType.Cookie2, 64, true)]
    [InlineData(NotifyType.Cookie2, 7, false)]
    [InlineData(NotifyType.Cookie2, 65, false)]
    [InlineData(NotifyType.AdditionalIp4Address, 16, false)]
    [InlineData(NotifyType.AdditionalIp6Address, 4, false)]
    [InlineData(NotifyType.NoNatsAllowed, 11, false)]
    public void What_has_not_the_length_it_must_have_is_refused_as_a_whole(NotifyType type, int length, bool isGood)
    {
        using var pair = Tunnel(Rewriter.Settings);
        var (a, _) = pair.Establish(Inner, tunnel: true);
        var answers = new List<IkePayload>();
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) =>
            {
                if (header.IsResponse && !header.IsFromInitiator)
                {
                    answers.AddRange(payloads);
                }

                return header.IsFromInitiator && !header.IsResponse ? payloads.Add(new NotifyPayload(type, new byte[length])) : payloads;
            },
        };
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Equal(isGood, pair.B.Said<IkeSaMoved>().Any());
        Assert.Equal(isGood, answers.OfType<NotifyPayload>().Any(n => n.Notify == NotifyType.Cookie2 && n.Data.Length == length));
        Assert.Equal(!isGood, answers.OfType<NotifyPayload>().Any(n => n.Notify == NotifyType.InvalidSyntax));
    }

    [Fact]
    public void Further_addresses_are_remembered_as_the_peer_last_told_them()
    {
        using var pair = Tunnel(Rewriter.Settings);
        ImmutableArray<IkePayload> told = [new NotifyPayload(NotifyType.AdditionalIp4Address, Further.ToBytes())];
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.IsFromInitiator && !header.IsResponse ? payloads.AddRange(told) : payloads,
        };
        var (a, _) = pair.Establish(Inner, tunnel: true);
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal([Further], pair.B.Host.Sas.Single().PeerAddresses);
        told = [];
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Equal([Further], pair.B.Host.Sas.Single().PeerAddresses);
        told = [new NotifyPayload(NotifyType.NoAdditionalAddresses)];
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run();
        Assert.Empty(pair.B.Host.Sas.Single().PeerAddresses);
    }

    [Fact]
    public void Both_ends_say_where_else_they_are_and_who_moves_says_it_anew()
    {
        using var pair = Tunnel();
        (pair.A.Policy.Others, pair.B.Policy.Others) = ([Elsewhere], [Further, InetAddress.Parse("2001:db8::7")]);
        var (a, _) = pair.Establish(Inner, tunnel: true);
        Assert.Equal([Elsewhere], pair.B.Host.Sas.Single().PeerAddresses);
        Assert.Equal([Further, InetAddress.Parse("2001:db8::7")], pair.A.Host.Sas.Single().PeerAddresses);
        pair.A.Policy.Others = [];
        Move(pair, a, Elsewhere);
        pair.Run();
        Assert.Empty(pair.B.Host.Sas.Single().PeerAddresses);
    }

    /// <summary>RFC 4555 §3.6: either end may, and nothing moves by it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Addresses_that_change_are_told_anew_and_once(bool byInitiator)
    {
        using var pair = Tunnel();
        var (a, b) = pair.Establish(Inner, tunnel: true);
        var (teller, told, sa) = byInitiator ? (pair.A, pair.B, a) : (pair.B, pair.A, b);
        foreach (var addresses in new InetAddress[][] { [Further, Elsewhere], [Elsewhere], [] })
        {
            teller.Policy.Others = addresses;
            var sent = pair.Wire.Sent.Count;
            teller.Do(host => host.TellAddresses(pair.Now, sa));
            pair.Run();
            Assert.Equal(addresses, told.Host.Sas.Single().PeerAddresses);
            teller.Do(host => host.TellAddresses(pair.Now, sa));
            pair.Run();
            Assert.Equal(2, pair.Wire.Sent.Count - sent);
        }

        Assert.Empty(pair.A.Said<IkeSaMoved>().Concat(pair.B.Said<IkeSaMoved>()));
    }

    [Fact]
    public void Who_moves_has_said_where_else_it_is()
    {
        using var pair = Tunnel();
        var (a, _) = pair.Establish(Inner, tunnel: true);
        pair.A.Policy.Others = [Further];
        Move(pair, a, Elsewhere);
        pair.A.Do(host => host.TellAddresses(pair.Now, a));
        pair.Run();
        Assert.Equal([Further], pair.B.Host.Sas.Single().PeerAddresses);
        Assert.Equal(1, pair.Wire.Sent.Count(flight => IkeHeader.TryRead(flight.Message, out var header) && header.Exchange == ExchangeType.Informational && header.IsFromInitiator && !header.IsResponse));
    }

    /// <summary>What is tied to its addresses has no others.</summary>
    [Fact]
    public void Transport_mode_tells_nothing()
    {
        using var pair = new Pair();
        var (a, _) = pair.Establish();
        pair.A.Policy.Others = [Further];
        var sent = pair.Wire.Sent.Count;
        pair.A.Do(host => host.TellAddresses(pair.Now, a));
        pair.Run(0.1);
        Assert.Equal(sent, pair.Wire.Sent.Count);
    }

    /// <summary>Its packets come from another address: whether it still answers where it is looked for is found out at once.</summary>
    [Fact]
    public void Who_began_the_IKE_SA_probes_a_peer_that_speaks_from_another_address()
    {
        using var pair = Tunnel();
        var (_, b) = pair.Establish(Inner, tunnel: true);
        var old = pair.B.Address;
        pair.Wire.Tap = flight => flight.To.Address == old ? null : flight with { From = flight.From.Address == old ? At(Elsewhere) : flight.From };
        pair.B.Policy.Others = [Further];
        pair.B.Do(host => host.TellAddresses(pair.Now, b));
        pair.Run(5);
        Assert.Equal([Elsewhere, Further], pair.A.Host.Sas.Single().PeerAddresses);
        Assert.NotEmpty(pair.A.Said<ProbeSilent>());
    }

    private static Pair Tunnel(IkeSettings? settings = null)
    {
        var pair = new Pair(settings);
        pair.A.Policy.Tunnel = pair.B.Policy.Tunnel = true;
        return pair;
    }

    private static void Move(Pair pair, IkeSaHandle sa, InetAddress to)
    {
        pair.A.Address = to;
        pair.A.Do(host => host.Move(pair.Now, sa, to, pair.B.Address));
    }

    private static InetEndpoint At(InetAddress address) => new(address, 4500);

    private static TrafficSelector For(string prefix) => TrafficSelector.For(InetPrefix.Parse(prefix), 0);
}
