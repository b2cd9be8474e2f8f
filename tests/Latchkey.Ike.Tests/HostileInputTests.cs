using CsCheck;
using Latchkey.Wire;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Whatever octets come: no exception, no growth, and a count for each drop.</summary>
public class HostileInputTests
{
    private static readonly InetEndpoint Stranger = new(InetAddress.Parse("198.51.100.9"), 500);

    [Fact]
    public void Random_octets_are_dropped_and_counted()
    {
        using var pair = new Pair();
        pair.Establish();
        Gen.Byte.Array[0, 400].Sample(
            octets =>
            {
                var before = pair.B.Host.Drops.Values.Sum();
                pair.B.Do(host => host.HandleDatagram(pair.Now, new InetEndpoint(pair.B.Address, 500), Stranger, octets));
                Assert.Equal(before + 1, pair.B.Host.Drops.Values.Sum());
            },
            iter: 2000, threads: 1);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void An_oversized_datagram_is_counted_as_such()
    {
        using var pair = new Pair();
        pair.B.Do(host => host.HandleDatagram(pair.Now, new InetEndpoint(pair.B.Address, 500), Stranger, new byte[65_535]));
        Assert.Equal(1, pair.B.Host.Drops[IkeDropReason.Oversized]);
    }

    [Fact]
    public void Real_messages_mutated_truncated_or_replayed_at_any_moment_disturb_nothing()
    {
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Double[0, 0.06], Gen.Int[1, 12]).Sample(
            (seed, moment, mischiefs) =>
            {
                using var pair = new Pair(seed: seed);
                pair.A.Initiate(pair.B);
                pair.Run(moment);
                for (var i = 0; i < mischiefs; i++)
                {
                    Inject(pair, Mischief(pair.Random, pair.Wire.Sent[pair.Random.Next(pair.Wire.Sent.Count)]));
                }

                pair.Run(5);
                Assert.Single(pair.A.Host.Sas, sa => sa.State == IkeSaState.Established);
                Assert.Single(pair.B.Host.Sas, sa => sa.State == IkeSaState.Established);
            },
            iter: 300);
    }

    [Fact]
    public void A_flood_of_first_messages_keeps_no_more_than_the_half_open_maximum()
    {
        var settings = Pair.Settings() with { HalfOpenMaximum = 50, CookieThreshold = 1000 };
        using var pair = new Pair(Pair.Settings(), settings);
        pair.Wire.Tap = flight => flight.From.Address == pair.B.Address ? null : flight;
        for (var i = 0; i < 200; i++)
        {
            pair.A.Initiate(pair.B);
        }

        pair.Run(0.1);
        Assert.Equal(50, pair.B.Host.HalfOpenCount);
        Assert.Equal(50, pair.B.Host.Sas.Count());
    }

    private static void Inject(Pair pair, Flight flight)
    {
        var side = flight.To.Address == pair.A.Address ? pair.A : pair.B;
        side.Do(host => host.HandleDatagram(pair.Now, flight.To, flight.From, flight.Message));
    }

    private static Flight Mischief(SeededRandom random, Flight flight)
    {
        byte[] message = [.. flight.Message];
        switch (random.Next(5))
        {
            // A clear first message with another bit is a first message of its own: its author is on the path, and can do worse.
            case 0 when message[18] != (byte)ExchangeType.IkeSaInit:
                message[random.Next(message.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                message = message[..random.Next(message.Length)];
                break;
            case 2:
                message = [.. message, .. new byte[random.Next(40)]];
                break;
            case 3:
                (message[26], message[27]) = ((byte)random.Next(256), (byte)random.Next(256));
                break;
        }

        return flight with { Message = message };
    }
}
