using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Judges;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>RFC 6290 as maker and taker of tokens: A asks, B has forgotten.</summary>
public class QuickCrashDetectionTests
{
    private static readonly InetEndpoint Elsewhere = new(InetAddress.Parse("198.51.100.77"), 1234);

    private static readonly SigningKey Key = SigningKey.Generate(new SeededRandom(1));

    private static IkeSettings On { get; } = Pair.Settings() with { QcdSecrets = [Secret(1)], ExportKeys = true };

    private static IkeSettings Off { get; } = Pair.Settings() with { ExportKeys = true };

    [Fact]
    public void Q1_Both_sides_send_a_token_with_their_AUTH_and_in_no_other_message_of_the_setup()
    {
        var tokens = TokensOf(On, On, pair => pair.Establish());
        Assert.Equal([(ExchangeType.IkeAuth, false), (ExchangeType.IkeAuth, true)], tokens.Select(t => (t.Header.Exchange, t.Header.IsResponse)));
        Assert.All(tokens, t => Assert.Equal((IkeProtocol.Ike, 0, 32), (t.Notify.Protocol, t.Notify.Spi.Length, t.Notify.Data.Length)));
        Assert.Equal(tokens[0].Notify.Data, tokens[1].Notify.Data);
    }

    [Fact]
    public void Q1_Q7_Switched_off_no_token_is_sent_and_none_believed()
    {
        var tokens = TokensOf(Off, On, pair => pair.Establish());
        Assert.True(Assert.Single(tokens).Header.IsResponse);

        using var crash = new Crash(Off, On);
        crash.Ask();
        Assert.Contains(crash.Pair.A.Said<HintReceived>(), hint => hint.Hint == IkeHint.InvalidIkeSpi);
        crash.ExpectNothingHappened();
    }

    [Fact]
    public void Q2_Who_takes_no_tokens_ignores_them_silently()
    {
        using var pair = new Pair(On, Off);
        var (a, b) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
        pair.Run();
        Assert.Equal((IkeSaState.Established, IkeSaState.Established), (pair.A.Host.Find(a)!.State, pair.B.Host.Find(b)!.State));
        Assert.Empty(pair.B.Said<IkeSaClosed>());
    }

    [Fact]
    public void Q3_A_protected_request_under_unknown_SPIs_is_answered_in_clear_with_the_token()
    {
        using var crash = new Crash(On, On);
        crash.Ask();
        Assert.True(IkeHeader.TryRead(crash.Pair.Wire.Sent[crash.SentBefore].Message, out var request));
        Assert.True(IkeMessage.TryRead(crash.Pair.Wire.Sent[crash.SentBefore + 1].Message, out var answer, out _));
        Assert.Null(answer.Encrypted);
        Assert.Equal(
            (request.SpiI, request.SpiR, request.MessageId, true, false),
            (answer.Header.SpiI, answer.Header.SpiR, answer.Header.MessageId, answer.Header.IsResponse, answer.Header.IsFromInitiator));
        Assert.Equal([NotifyType.InvalidIkeSpi, NotifyType.QuickCrashDetection], answer.Payloads.Cast<NotifyPayload>().Select(n => n.Notify));
    }

    [Fact]
    public void Q3_What_scapy_writes_for_it_is_what_we_send()
    {
        using var host = Host(Secret(1));
        var answer = AnswerOf(host, TimeSpan.Zero, Protected(0x0102030405060708, 0x1112131415161718));
        var token = Convert.ToHexStringLower(((NotifyPayload)answer.Payloads[^1]).Data);
        var lines = Scapy.Run(
            $"""
            from scapy.contrib.ikev2 import *
            answer = (IKEv2(init_SPI=bytes(range(1, 9)), resp_SPI=bytes(range(0x11, 0x19)), exch_type=37, flags="Response", id=3, next_payload=41)
                / IKEv2_payload_Notify(type=4, next_payload=41)
                / IKEv2_payload_Notify(type=16419, proto="IKE", load=bytes.fromhex("{token}"), next_payload=0))
            print(bytes(answer).hex())
            read = IKEv2(bytes.fromhex("{Convert.ToHexStringLower(answer.ToBytes())}"))
            print(read[IKEv2_payload_Notify].sprintf("%type%"), read[IKEv2_payload_Notify].payload.sprintf("%type%"))
            """);
        Assert.Equal([Convert.ToHexStringLower(answer.ToBytes()), "INVALID_IKE_SPI QUICK_CRASH_DETECTION"], lines);
    }

    [Fact]
    public void Q3_A_response_under_unknown_SPIs_is_answered_with_nothing()
    {
        using var crash = new Crash(On, On);
        var response = crash.Pair.Wire.Sent[^1];
        Assert.True(IkeHeader.TryRead(response.Message, out var header) && header.IsResponse);
        crash.Pair.A.Do(host => host.DeleteIkeSa(crash.Pair.Now, crash.A, CloseReason.PeerGone, "forgotten", tellPeer: false));
        var sent = crash.Pair.Wire.Sent.Count;
        crash.Pair.A.Do(host => host.HandleDatagram(crash.Pair.Now, response.To, response.From, response.Message));
        Assert.Equal(sent, crash.Pair.Wire.Sent.Count);
    }

    [Fact]
    public void Q4_The_right_token_ends_the_SA_and_its_children_without_a_word_on_the_wire()
    {
        using var crash = new Crash(On, On);
        crash.Ask();
        Assert.Equal(new PeerForgotUs(crash.A, new InetEndpoint(crash.Pair.B.Address, 500)), crash.Pair.A.Only<PeerForgotUs>());
        Assert.Equal((crash.A, CloseReason.PeerGone), (crash.Pair.A.Only<IkeSaClosed>().Sa, crash.Pair.A.Only<IkeSaClosed>().Reason));
        Assert.Empty(crash.Pair.A.Children);
        Assert.Empty(crash.Pair.A.Host.Sas);
        crash.Pair.Run(200);
        Assert.Equal(2, crash.Pair.Wire.Sent.Count - crash.SentBefore);
        // The proof comes before its consequences, so that latches break while their SAs are still there (L28).
        Assert.Equal(
            [typeof(PeerForgotUs), typeof(ChildClosed), typeof(IkeSaClosed)],
            crash.Pair.A.Log.Select(o => o.GetType()).Where(t => t == typeof(PeerForgotUs) || t == typeof(ChildClosed) || t == typeof(IkeSaClosed)));
    }

    [Fact]
    public void Q4_A_token_is_believed_from_whatever_address_and_port_it_comes()
    {
        using var crash = new Crash(On, On);
        crash.Deliver(crash.Complaint(crash.Token), from: Elsewhere);
        Assert.Equal(Elsewhere, crash.Pair.A.Only<PeerForgotUs>().From);
    }

    [Fact]
    public void Q4_A_wrong_token_changes_nothing_is_not_answered_and_is_counted_and_told()
    {
        using var crash = new Crash(On, On);
        var token = crash.Token;
        token[^1] ^= 1;
        crash.Deliver(crash.Complaint(token), from: Elsewhere);
        crash.ExpectNothingHappened();
        Assert.Equal(1, crash.Pair.A.Host.Drops[IkeDropReason.BadCrashToken]);
        Assert.Equal(new CrashTokenRefused(crash.A, Elsewhere), crash.Pair.A.Only<CrashTokenRefused>());
        Assert.Equal(crash.SentBefore, crash.Pair.Wire.Sent.Count);
    }

    [Fact]
    public void Q4_The_right_token_for_another_IKE_SA_proves_nothing()
    {
        using var crash = new Crash(On, On);
        var complaint = crash.Complaint(crash.Token);
        crash.Deliver(complaint with { Header = complaint.Header with { SpiI = crash.Sa.SpiI + 1 } });
        crash.ExpectNothingHappened();

        crash.Pair.A.Initiate(crash.Pair.B);
        crash.Pair.Run();
        var other = crash.Pair.A.Host.Sas.Last();
        crash.Deliver(Complaint(other.SpiI, other.SpiR, NotifyType.InvalidIkeSpi, crash.Token));
        crash.Deliver(crash.Complaint(Token(Secret(1), other.SpiI, other.SpiR)), Elsewhere);
        Assert.Equal(2, crash.Pair.A.Host.Sas.Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Q4_Any_of_four_tokens_suffices(int place)
    {
        using var crash = new Crash(On, On);
        byte[][] tokens = [.. Enumerable.Range(0, 4).Select(i => i == place ? crash.Token : RandomToken(i))];
        crash.Deliver(crash.Complaint(tokens));
        crash.Pair.A.Only<PeerForgotUs>();
    }

    [Fact]
    public void Q4_Tokens_shorter_or_longer_than_the_RFC_allows_are_no_tokens()
    {
        using var crash = new Crash(On, On);
        crash.Deliver(crash.Complaint(crash.Token[..15], new byte[129], []));
        crash.ExpectNothingHappened();
    }

    [Fact]
    public void Q4_A_token_that_comes_with_INVALID_SPI_counts_too()
    {
        using var crash = new Crash(On, On);
        crash.Deliver(Complaint(crash.Sa.SpiI, crash.Sa.SpiR, NotifyType.InvalidSpi, crash.Token));
        crash.Pair.A.Only<PeerForgotUs>();
    }

    [Fact]
    public void Q4_A_token_without_a_complaint_says_nothing()
    {
        using var crash = new Crash(On, On);
        var complaint = crash.Complaint(crash.Token);
        crash.Deliver(complaint with { Payloads = [.. complaint.Payloads.Skip(1)] });
        crash.ExpectNothingHappened();
    }

    [Fact]
    public void Q4_Tokens_from_one_source_are_looked_at_ten_times_a_second()
    {
        using var crash = new Crash(On, On);
        var (right, wrong) = (crash.Complaint(crash.Token), crash.Complaint(RandomToken(1)));
        crash.Deliver(wrong, Elsewhere);
        crash.Deliver(right, Elsewhere);
        crash.ExpectNothingHappened();
        Assert.Equal(2, crash.Pair.A.Host.Drops[IkeDropReason.BadCrashToken]);
        crash.Pair.A.Only<CrashTokenRefused>();
        crash.Pair.Run(0.11);
        crash.Deliver(right, Elsewhere);
        crash.Pair.A.Only<PeerForgotUs>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Q5_After_a_rekey_both_sides_hold_new_tokens_and_the_old_ones_prove_nothing(bool aBegins)
    {
        var tokens = TokensOf(On, On, pair =>
        {
            var (a, b) = pair.Establish();
            var old = pair.A.Host.Find(a)!;
            Begin(pair, a, b);
            pair.Run();
            pair.A.Do(host => host.HandleDatagram(
                pair.Now, old.Local, old.Remote, Complaint(old.SpiI, old.SpiR, NotifyType.InvalidIkeSpi, Token(Secret(1), old.SpiI, old.SpiR)).ToBytes()));
            Assert.Equal(IkeSaState.Established, pair.A.Host.Find(a)!.State);

            // Either side has what it needs to believe the other.
            var now = pair.A.Host.Find(a)!;
            Assert.NotEqual(old.SpiI, now.SpiI);
            var token = Token(Secret(1), now.SpiI, now.SpiR);
            pair.A.Do(host => host.HandleDatagram(pair.Now, now.Local, Elsewhere, Complaint(now.SpiI, now.SpiR, NotifyType.InvalidIkeSpi, token, fromInitiator: !aBegins).ToBytes()));
            pair.B.Do(host => host.HandleDatagram(pair.Now, now.Remote, Elsewhere, Complaint(now.SpiI, now.SpiR, NotifyType.InvalidIkeSpi, token, fromInitiator: aBegins).ToBytes()));
            pair.A.Only<PeerForgotUs>();
            pair.B.Only<PeerForgotUs>();
        });
        // The responder's in its answer, the initiator's in an INFORMATIONAL right after.
        Assert.Equal(
            [(ExchangeType.CreateChildSa, true, !aBegins), (ExchangeType.Informational, false, aBegins)],
            tokens.Skip(2).Select(t => (t.Header.Exchange, t.Header.IsResponse, t.FromA)));

        void Begin(Pair pair, IkeSaHandle a, IkeSaHandle b)
        {
            if (aBegins)
            {
                pair.A.Do(host => host.RekeyIkeSa(pair.Now, a));
            }
            else
            {
                pair.B.Do(host => host.RekeyIkeSa(pair.Now, b));
            }
        }
    }

    [Fact]
    public void Q5_A_token_replaced_unasked_in_a_protected_exchange_counts_from_then_on()
    {
        using var pair = new Pair(On);
        var (a, b) = pair.Establish();
        var replacement = RandomToken(9);
        var rewriter = new Rewriter(pair);
        rewriter.Change = (header, payloads) => header is { Exchange: ExchangeType.Informational, IsResponse: false }
            ? payloads.Add(new NotifyPayload(IkeProtocol.Ike, [], NotifyType.QuickCrashDetection, replacement))
            : payloads;
        pair.B.Do(host => host.Probe(pair.Now, b));
        pair.Run();
        var sa = pair.A.Host.Find(a)!;
        Deliver(Token(Secret(1), sa.SpiI, sa.SpiR));
        Assert.Empty(pair.A.Said<PeerForgotUs>());
        pair.Run(0.2);
        Deliver(replacement);
        pair.A.Only<PeerForgotUs>();

        void Deliver(byte[] token) => pair.A.Do(host => host.HandleDatagram(
            pair.Now, sa.Local, sa.Remote, Complaint(sa.SpiI, sa.SpiR, NotifyType.InvalidIkeSpi, token).ToBytes()));
    }

    [Fact]
    public void Q6_After_a_reboot_the_token_is_made_again_from_the_secret_and_the_SPIs_alone()
    {
        using var crash = new Crash(On, On);
        using var rebooted = Host(Secret(1));
        crash.Deliver(AnswerOf(rebooted, crash.Pair.Now, Protected(crash.Sa.SpiI, crash.Sa.SpiR)));
        crash.Pair.A.Only<PeerForgotUs>();
    }

    [Fact]
    public void Q6_Three_older_secrets_still_prove_and_a_fifth_is_not_known_any_more()
    {
        var old = Secret(1);
        foreach (var age in new[] { 3, 0 })
        {
            using var crash = new Crash(On, On);
            using var rebooted = age == 3 ? Host(Secret(4), Secret(3), Secret(2), old) : Host(Secret(5), Secret(4), Secret(3), Secret(2));
            var answer = AnswerOf(rebooted, crash.Pair.Now, Protected(crash.Sa.SpiI, crash.Sa.SpiR));
            Assert.Equal(4, answer.Payloads.Cast<NotifyPayload>().Count(n => n.Notify == NotifyType.QuickCrashDetection));
            crash.Deliver(answer);
            Assert.Equal(age == 3 ? 1 : 0, crash.Pair.A.Said<PeerForgotUs>().Count());
        }
    }

    [Fact]
    public void Q6_Tokens_differ_with_either_SPI_and_with_the_secret()
    {
        var (one, other) = (Secret(1), Secret(2));
        byte[][] tokens = [Token(one, 5, 6), Token(one, 5, 7), Token(one, 4, 6), Token(one, 6, 5), Token(other, 5, 6)];
        Assert.Equal(5, tokens.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(tokens[0], Token(one, 5, 6));
    }

    [Fact]
    public void Q7_No_token_leaves_for_a_living_SA_whatever_flag_or_order_its_SPIs_are_asked_with()
    {
        using var pair = new Pair(On);
        var (a, _) = pair.Establish();
        pair.Wire.Tap = _ => null;
        pair.A.Do(host => host.Probe(pair.Now, a));
        var request = pair.Wire.Sent[^1];
        var sent = pair.Wire.Sent.Count;
        foreach (var side in new[] { pair.A, pair.B })
        {
            // Bit 0x08 says who is the initiator: with the wrong one the SA is looked for under the peer's SPI.
            byte[] flipped = [.. request.Message];
            flipped[19] ^= (byte)IkeFlags.Initiator;
            byte[] swapped = [.. request.Message[8..16], .. request.Message[..8], .. request.Message[16..]];
            foreach (var message in new[] { request.Message, flipped, swapped })
            {
                pair.Run(0.2);
                side.Do(host => host.HandleDatagram(pair.Now, request.To, Elsewhere, message));
            }
        }

        var answers = pair.Wire.Sent.Skip(sent).Select(f => f.Message).Where(m => IkeMessage.TryRead(m, out var read, out _) && read.Encrypted is null).ToList();
        Assert.NotEmpty(answers);
        Assert.All(answers, m => Assert.True(IkeMessage.TryRead(m, out var read, out _) && !HasToken(read)));
    }

    [Fact]
    public void Q7_No_token_leaves_for_an_SA_whose_responder_has_not_been_heard_yet()
    {
        using var pair = new Pair(On);
        pair.A.Initiate(pair.B);
        pair.Wire.Tap = _ => null;
        pair.Run(0.1);
        // Somebody on the path has the answer first, and knows both SPIs before A does.
        Assert.True(IkeHeader.TryRead(pair.Wire.Sent[^1].Message, out var init));
        Assert.Equal(ExchangeType.IkeSaInit, init.Exchange);
        using var stranger = Host(Secret(1));
        var request = Protected(init.SpiI, 4711);
        Assert.Contains(AnswerOf(stranger, pair.Now, request).Payloads.Cast<NotifyPayload>(), n => n.Notify == NotifyType.QuickCrashDetection);
        Assert.False(HasToken(AnswerOf(pair.A.Host, pair.Now, request)));
    }

    [Fact]
    public void Q8_A_flood_gets_plain_answers_and_then_none_and_is_over_when_it_is_over()
    {
        using var host = Host(Secret(1));
        var begin = TimeSpan.FromSeconds(5);
        var (withTokens, plain) = (0, 0);
        for (var i = 0; i < 5000; i++)
        {
            var from = new InetEndpoint(InetAddress.Parse($"10.0.{i / 250}.{(i % 250) + 1}"), 500);
            host.HandleDatagram(begin + (TimeSpan.FromSeconds(0.99) * i / 5000), new InetEndpoint(InetAddress.Parse("192.0.2.1"), 500), from, Protected((ulong)i + 1, 7));
            while (host.TryTakeOutput(out var output))
            {
                Assert.True(IkeMessage.TryRead(Assert.IsType<SendDatagram>(output).Message, out var answer, out _));
                (withTokens, plain) = HasToken(answer) ? (withTokens + 1, plain) : (withTokens, plain + 1);
            }
        }

        Assert.InRange(withTokens, 100, 256);
        Assert.InRange(plain, 100, 1024 - 256);
        Assert.True(HasToken(AnswerOf(host, begin + TimeSpan.FromSeconds(2), Protected(1, 7))));
    }

    private static SecretBytes Secret(int seed)
    {
        var secret = new SecretBytes(32);
        new SeededRandom(seed).Fill(secret.Span);
        return secret;
    }

    private static byte[] RandomToken(int seed)
    {
        var token = new byte[32];
        new SeededRandom(1000 + seed).Fill(token);
        return token;
    }

    private static bool HasToken(IkeMessage message) => message.Payloads.OfType<NotifyPayload>().Any(n => n.Notify == NotifyType.QuickCrashDetection);

    private static IkeMessage Complaint(ulong spiI, ulong spiR, NotifyType what, byte[] token, bool fromInitiator = false) => new(
        IkeHeader.ForResponse(spiI, spiR, ExchangeType.Informational, fromInitiator, 0),
        [new NotifyPayload(what, what == NotifyType.InvalidSpi ? [1, 2, 3, 4] : []), new NotifyPayload(IkeProtocol.Ike, [], NotifyType.QuickCrashDetection, token)]);

    /// <summary>A protected request that nobody can open, under two SPIs.</summary>
    private static byte[] Protected(ulong spiI, ulong spiR) => new IkeMessage(
        IkeHeader.ForRequest(spiI, spiR, ExchangeType.Informational, fromInitiator: true, messageId: 3),
        [new EncryptedPayload(PayloadType.NoNextPayload, new byte[40], 0)]).ToBytes();

    private static IkeMessage AnswerOf(IkeHost host, TimeSpan now, byte[] request)
    {
        host.HandleDatagram(now, new InetEndpoint(InetAddress.Parse("192.0.2.2"), 500), Elsewhere, request);
        Assert.True(host.TryTakeOutput(out var output));
        Assert.True(IkeMessage.TryRead(Assert.IsType<SendDatagram>(output).Message, out var answer, out _));
        return answer;
    }

    /// <summary>A host that has just come up: these secrets are all it knows.</summary>
    private static IkeHost Host(params ImmutableArray<SecretBytes> secrets) =>
        new(On with { QcdSecrets = secrets }, Key, new TestPolicy(), new SeededRandom(3));

    /// <summary>The token for two SPIs under a secret: asked of a host that knows nothing else.</summary>
    private static byte[] Token(SecretBytes secret, ulong spiI, ulong spiR)
    {
        using var host = Host(secret);
        return AnswerOf(host, TimeSpan.Zero, Protected(spiI, spiR)).Payloads.OfType<NotifyPayload>().Single(n => n.Notify == NotifyType.QuickCrashDetection).Data;
    }

    /// <summary>Every token that travels under protection while something happens.</summary>
    private static List<(bool FromA, IkeHeader Header, NotifyPayload Notify)> TokensOf(IkeSettings a, IkeSettings b, Action<Pair> happens)
    {
        using var pair = new Pair(a, b);
        happens(pair);
        var opener = new Opener(pair);
        List<(bool, IkeHeader, NotifyPayload)> tokens = [];
        foreach (var flight in pair.Wire.Sent.DistinctBy(f => Convert.ToHexString(f.Message)))
        {
            if (opener.TryOpen(flight.Message, out var message, out _, out var payloads))
            {
                tokens.AddRange(payloads.OfType<NotifyPayload>().Where(n => n.Notify == NotifyType.QuickCrashDetection)
                    .Select(n => (flight.From.Address == pair.A.Address, message.Header, n)));
            }
        }

        return tokens;
    }

    /// <summary>A pair with an IKE SA that A holds and B has forgotten.</summary>
    private sealed class Crash : IDisposable
    {
        public Crash(IkeSettings a, IkeSettings b)
        {
            Pair = new Pair(a, b);
            var (ofA, ofB) = Pair.Establish();
            A = ofA;
            Sa = Pair.A.Host.Find(A)!;
            Pair.B.Do(host => host.DeleteIkeSa(Pair.Now, ofB, CloseReason.PeerGone, "forgotten", tellPeer: false));
            SentBefore = Pair.Wire.Sent.Count;
        }

        public Pair Pair { get; }

        public IkeSaHandle A { get; }

        public IkeSaInfo Sa { get; }

        public int SentBefore { get; }

        /// <summary>The token that B gave A.</summary>
        public byte[] Token => QuickCrashDetectionTests.Token(Secret(1), Sa.SpiI, Sa.SpiR);

        /// <summary>A probes B, and hears what it says.</summary>
        public void Ask()
        {
            Pair.A.Do(host => host.Probe(Pair.Now, A));
            Pair.Run(0.012);
        }

        /// <summary>INVALID_IKE_SPI about A's IKE SA, with tokens.</summary>
        public IkeMessage Complaint(params byte[][] tokens)
        {
            var complaint = QuickCrashDetectionTests.Complaint(Sa.SpiI, Sa.SpiR, NotifyType.InvalidIkeSpi, []);
            return complaint with { Payloads = [complaint.Payloads[0], .. tokens.Select(t => new NotifyPayload(IkeProtocol.Ike, [], NotifyType.QuickCrashDetection, t))] };
        }

        public void Deliver(IkeMessage message, InetEndpoint? from = null) => Pair.A.Do(host => host.HandleDatagram(
            Pair.Now, new InetEndpoint(Pair.A.Address, 500), from ?? new InetEndpoint(Pair.B.Address, 500), message.ToBytes()));

        public void ExpectNothingHappened()
        {
            Assert.Equal(IkeSaState.Established, Pair.A.Host.Find(A)!.State);
            Assert.Single(Pair.A.Children);
            Assert.Empty(Pair.A.Said<PeerForgotUs>());
        }

        public void Dispose() => Pair.Dispose();
    }
}
