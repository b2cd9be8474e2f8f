using CsCheck;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>What is decided of a flood of first messages before the host sees them (RFC 7296 §2.6).</summary>
public class GateTests
{
    private static readonly IkeSettings Closed = Pair.Settings() with { CookieThreshold = 0 };
    private static readonly InetEndpoint Elsewhere = new(InetAddress.Parse("192.0.2.99"), 500);
    private readonly byte[] _answer = new byte[InitGate.AnswerLength];

    [Fact]
    public void While_few_come_and_few_are_half_open_everybody_passes()
    {
        using var pair = new Pair();
        var first = FirstMessage(pair);
        Assert.Equal(GateVerdict.Pass, Judge(pair, first));
        Assert.Equal(0, pair.B.Host.Drops.Values.Sum());
    }

    [Fact]
    public void Whoever_repeats_the_gates_cookie_passes_and_is_served()
    {
        using var pair = new Pair(Pair.Settings(), Closed);
        var first = FirstMessage(pair);
        Assert.Equal(GateVerdict.Answer, Judge(pair, first));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.CookieAsked]);
        Assert.True(IkeMessage.TryRead(_answer, out var asked, out _));
        Assert.Equal(NotifyType.Cookie, Assert.IsType<NotifyPayload>(Assert.Single(asked.Payloads)).Notify);

        pair.A.Do(host => host.HandleDatagram(pair.Now, first.From, first.To, _answer));
        pair.Wire.Tap = flight => flight;
        var second = pair.Wire.Sent[^1];
        Assert.Equal(GateVerdict.Pass, Judge(pair, second));
        pair.Run();
        Assert.Equal(IkeSaState.Established, Assert.Single(pair.B.Host.Sas).State);
    }

    [Fact]
    public void The_hosts_own_cookie_is_good_at_the_gate_and_only_for_whom_it_was_made()
    {
        using var pair = new Pair(Pair.Settings(), Closed);
        var withCookie = pair.LoseRequestWithCookie();
        Assert.Equal(GateVerdict.Pass, Judge(pair, withCookie));
        Assert.Equal(GateVerdict.Answer, Judge(pair, withCookie with { From = Elsewhere }));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.BadCookie]);
    }

    [Fact]
    public void Half_open_SAs_close_the_gate_and_their_end_opens_it()
    {
        using var pair = new Pair(Pair.Settings(), Pair.Settings() with { CookieThreshold = 1 });
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address ? null : flight;
        pair.A.Initiate(pair.B);
        pair.Run(0.1);
        Assert.Equal(1, pair.B.Host.HalfOpenCount);
        Assert.Equal(GateVerdict.Answer, Judge(pair, pair.Wire.Sent[0] with { From = Elsewhere }));

        pair.B.Do(host => host.HandleDeadline(pair.Now + TimeSpan.FromMinutes(1)));
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
        Assert.Equal(GateVerdict.Pass, Judge(pair, pair.Wire.Sent[0] with { From = Elsewhere }));
    }

    [Fact]
    public void Many_first_messages_in_one_second_close_the_gate_whatever_became_of_them()
    {
        using var pair = new Pair(Pair.Settings(), Pair.Settings() with { CookieRate = 10 });
        var first = FirstMessage(pair);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(GateVerdict.Pass, Judge(pair, first)));
        Assert.Equal(GateVerdict.Answer, Judge(pair, first));
        Assert.Equal(GateVerdict.Pass, Judge(pair, first, later: TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void What_is_no_first_message_passes_a_closed_gate()
    {
        using var pair = new Pair();
        pair.Establish();
        using var closed = new Pair(Pair.Settings(), Closed);
        foreach (var flight in pair.Wire.Sent.Skip(1))
        {
            Assert.Equal(GateVerdict.Pass, Judge(closed, flight));
        }
    }

    [Fact]
    public void First_messages_damaged_in_any_way_never_pass_a_closed_gate()
    {
        using var pair = new Pair(Pair.Settings(), Closed);
        var first = FirstMessage(pair);
        Gen.Select(Gen.Int[IkeHeader.Size, first.Message.Length], Gen.Int[IkeHeader.Size, first.Message.Length - 1], Gen.Byte).Sample(
            (length, at, octet) =>
            {
                byte[] message = [.. first.Message[..length]];
                (message[26], message[27]) = ((byte)(length >> 8), (byte)length);
                if (at < length)
                {
                    message[at] = octet;
                }

                var before = pair.B.Host.Drops.Values.Sum();
                Assert.NotEqual(GateVerdict.Pass, Judge(pair, first with { Message = message }));
                Assert.Equal(before + 1, pair.B.Host.Drops.Values.Sum());
            },
            iter: 5000, threads: 1);
    }

    [Fact]
    public void A_first_message_without_a_nonce_is_dropped()
    {
        using var pair = new Pair(Pair.Settings(), Closed);
        var first = FirstMessage(pair);
        Assert.True(IkeMessage.TryRead(first.Message, out var message, out _));
        var bare = message with { Payloads = [.. message.Payloads.Where(payload => payload is not NoncePayload)] };
        Assert.Equal(GateVerdict.Drop, Judge(pair, first with { Message = bare.ToBytes() }));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.Malformed]);
    }

    [Fact]
    public void A_flood_allocates_nothing()
    {
        using var pair = new Pair(Pair.Settings(), Closed);
        var first = FirstMessage(pair);
        Flood(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Flood(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Flood(int count)
        {
            for (var i = 0; i < count; i++)
            {
                pair.B.Host.Gate.Judge(pair.Now, first.From.Address, first.Message, _answer);
            }
        }
    }

    private static Flight FirstMessage(Pair pair)
    {
        pair.Wire.Tap = _ => null;
        pair.A.Initiate(pair.B);
        return pair.Wire.Sent[0];
    }

    private GateVerdict Judge(Pair pair, Flight flight, TimeSpan later = default) =>
        pair.B.Host.Gate.Judge(pair.Now + later, flight.From.Address, flight.Message, _answer);
}
