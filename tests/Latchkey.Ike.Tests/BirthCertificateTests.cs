using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>The private notify by which a peer says which life of its host it speaks from.</summary>
public class BirthCertificateTests
{
    private const NotifyType Notify = (NotifyType)61440;

    private static readonly BirthCertificate Seventh = new(7, new UInt128(0x0102030405060708, 0x090a0b0c0d0e0f10), TimeSpan.Zero);
    private static readonly BirthCertificate Second = new(2, 99, TimeSpan.FromSeconds(-4));

    private static Pair With(BirthCertificate? a, BirthCertificate? b)
    {
        var pair = new Pair(Rewriter.Settings);
        (pair.A.Host.Birth, pair.B.Host.Birth) = (a, b);
        return pair;
    }

    [Fact]
    public void Both_sides_learn_in_which_life_the_other_speaks()
    {
        using var pair = With(Seventh, Second);
        pair.Establish();
        // The way takes 5 ms, and by so much the other seems to be younger.
        Assert.Equal(
            (Second with { Began = Second.Began + pair.Wire.Latency }, Seventh with { Began = Seventh.Began + pair.Wire.Latency }),
            (pair.A.Only<AuthorizePeer>().Birth, pair.B.Only<AuthorizePeer>().Birth));
    }

    [Fact]
    public void Both_sides_announce_in_IKE_SA_INIT_that_they_understand_it()
    {
        using var pair = new Pair();
        pair.Establish();
        foreach (var flight in pair.Wire.Sent.Take(2))
        {
            Assert.True(IkeMessage.TryRead(flight.Message, out var message, out _));
            Assert.Equal(ExchangeType.IkeSaInit, message.Header.Exchange);
            Assert.Equal("Latchkey private notifies 1"u8.ToArray(), Assert.Single(message.Payloads.OfType<VendorIdPayload>()).Id);
        }
    }

    [Fact]
    public void It_travels_inside_IKE_AUTH_in_the_documented_format()
    {
        using var pair = With(Seventh, Second);
        pair.Establish();
        var opener = new Opener(pair);
        var shown = pair.Wire.Sent
            .Select(f => opener.TryOpen(f.Message, out var message, out _, out var payloads) ? (message.Header.Exchange, payloads) : default)
            .SelectMany(m => m.payloads.IsDefault ? [] : m.payloads.OfType<NotifyPayload>().Where(n => n.Notify == Notify), (m, n) => (m.Exchange, n)).ToList();
        Assert.All(shown, s => Assert.Equal(ExchangeType.IkeAuth, s.Exchange));
        Assert.Equal(
            ["01" + "0000000000000007" + "00000000000003f2" + "0102030405060708090a0b0c0d0e0f10", "01" + "0000000000000002" + "0000000000001397" + "00000000000000000000000000000063"],
            shown.Select(s => Convert.ToHexStringLower(s.n.Data)));
    }

    [Fact]
    public void Nothing_is_shown_to_who_did_not_announce_to_understand_it_and_nobody_on_the_path_can_feign_that()
    {
        using var pair = With(Seventh, Second);
        pair.Wire.Tap = flight => IkeMessage.TryRead(flight.Message, out var message, out _) && message.Header is { Exchange: ExchangeType.IkeSaInit, IsResponse: true }
            ? flight with { Message = (message with { Payloads = [.. message.Payloads.Where(p => p is not VendorIdPayload)] }).ToBytes() }
            : flight;
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Null(pair.B.Only<AuthorizePeer>().Birth);
        Assert.Empty(pair.A.Said<AuthorizePeer>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("020000000000000007" + "0000000000000000" + "0102030405060708090a0b0c0d0e0f10")]
    [InlineData("010000000000000007" + "0000000000000000" + "0102030405060708090a0b0c0d0e0f")]
    [InlineData("010000000000000007" + "0000000000000000" + "0102030405060708090a0b0c0d0e0f1011")]
    public void Another_version_or_length_is_as_none(string data)
    {
        using var pair = With(Seventh, null);
        var rewriter = new Rewriter(pair);
        rewriter.Change = (header, payloads) => header is { Exchange: ExchangeType.IkeAuth, IsResponse: true }
            ? payloads.Add(new NotifyPayload(Notify, Convert.FromHexString(data)))
            : payloads;
        pair.Establish();
        Assert.Null(pair.A.Only<AuthorizePeer>().Birth);
        pair.A.Only<IkeSaEstablished>();
    }

    [Fact]
    public void Who_has_none_to_show_shows_none()
    {
        using var pair = With(Seventh, null);
        pair.Establish();
        Assert.Null(pair.A.Only<AuthorizePeer>().Birth);
        Assert.Equal(Seventh.Number, pair.B.Only<AuthorizePeer>().Birth?.Number);
    }
}
