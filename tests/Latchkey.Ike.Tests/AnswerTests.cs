using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Any IKE that comes back for an IKE_SA_INIT shows that somebody there speaks it; nothing else does (B13).</summary>
public class AnswerTests
{
    private static readonly Persistence Brief = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1));

    [Fact]
    public void B13_An_answer_is_told_once()
    {
        using var pair = new Pair();
        pair.Establish();
        Assert.Equal(pair.B.Address, pair.A.Only<PeerAnswered>().Remote.Address);
        Assert.Empty(pair.B.Said<PeerAnswered>());
    }

    [Theory]
    [InlineData(0x20, (byte)IkeFlags.Response, true)]
    [InlineData(0x10, (byte)IkeFlags.None, true)]
    [InlineData(0x20, (byte)IkeFlags.Initiator, false)]
    public void B13_An_error_or_another_version_is_an_answer_and_an_echo_is_not(byte version, byte flags, bool answers)
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        var echo = (byte[])pair.Wire.Sent[0].Message.Clone();
        echo[17] = version;
        echo[19] = flags;
        Receive(pair, echo[..IkeHeader.Size]);
        Assert.Equal(answers, pair.A.Said<PeerAnswered>().Any());
    }

    [Fact]
    public void B13_Who_does_not_know_our_SPI_or_answers_from_elsewhere_is_not_believed()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        Receive(pair, IkeHeaderOf(0x1234_5678_9abc_def0));
        Assert.True(IkeHeader.TryRead(pair.Wire.Sent[0].Message, out var header));
        pair.A.Do(host => host.HandleDatagram(
            pair.Now, new InetEndpoint(pair.A.Address, 500), new InetEndpoint(InetAddress.Parse("192.0.2.99"), 500), IkeHeaderOf(header.SpiI)));
        Assert.Empty(pair.A.Said<PeerAnswered>());
    }

    [Fact]
    public void B13_An_answer_that_comes_too_late_counts_once()
    {
        using var pair = new Pair();
        pair.Wire.Tap = _ => null;
        pair.A.Initiate(pair.B, persistence: Brief);
        pair.Run(5);
        Assert.Equal(CloseReason.PeerSilent, pair.A.Only<IkeSaClosed>().Reason);
        Assert.InRange(pair.Wire.Sent.Count, 3, 6);
        Assert.True(IkeHeader.TryRead(pair.Wire.Sent[0].Message, out var header));
        Receive(pair, IkeHeaderOf(header.SpiI));
        Receive(pair, IkeHeaderOf(header.SpiI));
        pair.A.Only<PeerAnswered>();
    }

    private static byte[] IkeHeaderOf(ulong spiI) =>
        new IkeMessage(IkeHeader.ForResponse(spiI, 7, ExchangeType.IkeSaInit, fromInitiator: false, 0), [new NotifyPayload(NotifyType.NoProposalChosen)]).ToBytes();

    private static void Receive(Pair pair, byte[] message) => pair.A.Do(
        host => host.HandleDatagram(pair.Now, new InetEndpoint(pair.A.Address, 500), new InetEndpoint(pair.B.Address, 500), message));
}
