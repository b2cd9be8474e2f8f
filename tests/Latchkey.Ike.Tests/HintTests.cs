using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>I1, I3: what nobody authenticated is a hint and changes nothing.</summary>
public class HintTests
{
    [Fact]
    public void I3_A_complaint_about_an_ESP_SPI_arrives_as_a_hint_and_is_rate_limited()
    {
        using var pair = new Pair();
        pair.Establish();
        var (local, remote) = (new InetEndpoint(pair.A.Address, 500), new InetEndpoint(pair.B.Address, 500));
        for (var i = 0; i < 10; i++)
        {
            pair.A.Do(host => host.ComplainInvalidSpi(pair.Now, local, remote, 0xdeadbeef));
        }

        pair.Run();
        Assert.Equal(new HintReceived(IkeHint.InvalidSpi, remote, local, 0xdeadbeef), pair.B.Said<HintReceived>().Last());
        Assert.Equal(2, pair.B.Said<HintReceived>().Count());
        Assert.True(IkeHeader.TryRead(pair.Wire.Sent[^1].Message, out var header));
        Assert.Equal((ExchangeType.Informational, IkeFlags.Initiator), (header.Exchange, header.Flags));
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void A_request_under_an_unknown_IKE_SA_is_answered_and_the_answer_is_a_hint()
    {
        using var pair = new Pair();
        var (a, b) = pair.Establish();
        pair.B.Do(host => host.DeleteIkeSa(pair.Now, b, CloseReason.PeerGone, "forgotten", tellPeer: false));
        pair.A.Do(host => host.Probe(pair.Now, a));
        pair.Run(0.3);
        Assert.True(pair.B.Host.Drops[IkeDropReason.UnknownIkeSa] > 0);
        Assert.Contains(pair.A.Said<HintReceived>(), hint => hint.Hint == IkeHint.InvalidIkeSpi);
        Assert.Equal(IkeSaState.Established, pair.A.Host.Find(a)!.State);
    }

    [Fact]
    public void I1_A_forged_INVALID_IKE_SPI_with_unknown_SPIs_is_not_even_a_hint()
    {
        using var pair = new Pair();
        pair.Establish();
        var forged = new IkeMessage(
            IkeHeader.ForResponse(1, 2, ExchangeType.Informational, false, 0), [new NotifyPayload(NotifyType.InvalidIkeSpi)]).ToBytes();
        pair.A.Do(host => host.HandleDatagram(pair.Now, new InetEndpoint(pair.A.Address, 500), new InetEndpoint(pair.B.Address, 500), forged));
        Assert.Empty(pair.A.Said<HintReceived>());
        Assert.Equal(1, pair.A.Host.Drops[IkeDropReason.UnexpectedExchange]);
    }

    [Fact]
    public void A_newer_major_version_is_told_ours()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        pair.Wire.Tap = _ => null;
        var request = pair.Wire.Sent[0];
        byte[] newer = [.. request.Message];
        newer[17] = 0x30;
        pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, request.From, newer));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.UnsupportedVersion]);
        Assert.True(IkeMessage.TryRead(pair.Wire.Sent[^1].Message, out var answer, out _));
        Assert.Equal(NotifyType.InvalidMajorVersion, Assert.IsType<NotifyPayload>(Assert.Single(answer.Payloads)).Notify);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
    }

    [Fact]
    public void A_critical_payload_we_do_not_know_is_refused_by_its_type()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        pair.Wire.Tap = _ => null;
        var request = pair.Wire.Sent[0];
        Assert.True(IkeMessage.TryRead(request.Message, out var message, out _));
        foreach (var critical in new[] { true, false })
        {
            var odd = message with { Payloads = message.Payloads.Add(new UnknownPayload((PayloadType)200, [1, 2, 3]) { Critical = critical }) };
            pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, request.From, odd.ToBytes()));
            Assert.True(IkeMessage.TryRead(pair.Wire.Sent[^1].Message, out var answer, out _));
            if (critical)
            {
                var notify = Assert.IsType<NotifyPayload>(Assert.Single(answer.Payloads));
                Assert.Equal((NotifyType.UnsupportedCriticalPayload, (byte)200), (notify.Notify, Assert.Single(notify.Data)));
                Assert.Equal(0, pair.B.Host.HalfOpenCount);
            }
            else
            {
                Assert.Equal(1, pair.B.Host.HalfOpenCount);
            }
        }
    }
}
