using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>A responder under load keeps no state for whom it has not heard twice (RFC 7296 §2.6).</summary>
public class CookieTests
{
    private static readonly IkeSettings Strict = Pair.Settings() with { CookieThreshold = 0 };

    [Fact]
    public void An_initiator_that_repeats_the_cookie_is_served()
    {
        using var pair = new Pair(Pair.Settings(), Strict);
        pair.Establish();
        Assert.Equal(6, pair.Wire.Sent.Count);
        Assert.Single(pair.B.Said<HintReceived>());
    }

    [Fact]
    public void Without_a_cookie_nothing_is_kept_and_nobody_is_told()
    {
        using var pair = new Pair(Pair.Settings(), Strict);
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address ? null : flight;
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
        Assert.Null(pair.B.Host.NextDeadline);
        Assert.All(pair.B.Log, output => Assert.IsType<SendDatagram>(output));
    }

    [Fact]
    public void A_cookie_of_another_address_is_worthless()
    {
        using var pair = new Pair(Pair.Settings(), Strict);
        var withCookie = pair.LoseRequestWithCookie();
        pair.B.Do(host => host.HandleDatagram(pair.Now, withCookie.To, new InetEndpoint(InetAddress.Parse("192.0.2.99"), 500), withCookie.Message));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.BadCookie]);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
    }

    [Fact]
    public void A_cookie_outlives_one_change_of_the_secret_and_not_two()
    {
        using var pair = new Pair(Pair.Settings(), Strict);
        var withCookie = pair.LoseRequestWithCookie();
        pair.B.Do(host => host.HandleDatagram(TimeSpan.FromSeconds(70), withCookie.To, withCookie.From, withCookie.Message));
        Assert.Equal(1, pair.B.Host.HalfOpenCount);
        pair.B.Do(host => host.HandleDeadline(TimeSpan.FromSeconds(200)));
        pair.B.Do(host => host.HandleDatagram(TimeSpan.FromSeconds(200), withCookie.To, withCookie.From, withCookie.Message));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.BadCookie]);
    }

    [Fact]
    public void Half_open_SAs_have_a_maximum()
    {
        using var pair = new Pair(Pair.Settings(), Pair.Settings() with { HalfOpenMaximum = 3 });
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address ? null : flight;
        for (var i = 0; i < 5; i++)
        {
            pair.A.Initiate(pair.B);
        }

        pair.Run(0.1);
        Assert.Equal(3, pair.B.Host.HalfOpenCount);
        Assert.Equal(2, pair.B.Host.Drops[IkeDropReason.HalfOpenLimit]);
    }

    [Fact]
    public void A_peer_that_keeps_asking_for_cookies_is_not_followed_for_ever()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        for (byte i = 1; i < 50; i++)
        {
            var request = pair.Wire.Sent[^1];
            var answer = new IkeMessage(
                IkeHeader.ForResponse(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(request.Message), 0, ExchangeType.IkeSaInit, false, 0),
                [new NotifyPayload(NotifyType.Cookie, i)]).ToBytes();
            pair.A.Do(host => host.HandleDatagram(pair.Now, request.From, request.To, answer));
        }

        Assert.True(pair.Wire.Sent.Count < 10);
    }
}
