using System.Diagnostics;
using System.Security.Cryptography;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Bench.Engine;

/// <summary>What finding conflicts costs, beside latches that are not hit.</summary>
internal static class FindBench
{
    private const int Rounds = 2000;

    private static readonly InetAddress W = InetAddress.FromV4(0x0a00_0001);
    private static readonly InetAddress C = InetAddress.FromV4(0x0a01_0000);
    private static readonly ProtectEntry Entry = new() { Name = "everything" };

    /// <summary>An SA for everything between two addresses hits 100 latches; the others are with other addresses.</summary>
    public static TimeSpan Wide(int others)
    {
        var latches = new LatchDatabase();
        var channels = new ChannelTable();
        Fill(latches, channels, 100, _ => C);
        Fill(latches, channels, others, n => InetAddress.FromV4(0x0a02_0000 + (uint)(n / 1000)));
        return Measure(latches, TrafficSelector.For(InetPrefix.Of(C), TrafficSelector.AnyProtocol), 100);
    }

    /// <summary>An SA for one connection hits its latch; the others are with the same address.</summary>
    public static TimeSpan Narrow(int others)
    {
        var latches = new LatchDatabase();
        Fill(latches, new ChannelTable(), others + 1, _ => C);
        return Measure(latches, TrafficSelector.For(InetPrefix.Of(C), (byte)IpProtocol.Tcp, 1, 1), 1);
    }

    private static void Fill(LatchDatabase latches, ChannelTable channels, int count, Func<int, InetAddress> remote)
    {
        for (var n = 0; n < count; n++)
        {
            var flow = new FlowKey(IpProtocol.Tcp, W, (ushort)(7000 + (n / 50_000)), remote(n), (ushort)(1 + (n % 50_000)));
            latches.CreateEstablished(TimeSpan.Zero, flow, Entry, channels.For(Parameters(flow.Remote, "C")));
        }
    }

    private static TimeSpan Measure(LatchDatabase latches, TrafficSelector remote, int expected)
    {
        var selectors = SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(W), remote.Protocol, remote.IsAnyPort ? (ushort)0 : (ushort)7000, remote.IsAnyPort ? ushort.MaxValue : (ushort)7000), remote);
        var newcomer = Parameters(C, "D");
        var best = TimeSpan.MaxValue;
        for (var batch = 0; batch < 10; batch++)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < Rounds / 10; i++)
            {
                if (latches.FindConflicts(new AddressPair(W, C), selectors, newcomer).Count != expected)
                {
                    throw new InvalidOperationException("the wrong latches were found");
                }
            }

            var each = Stopwatch.GetElapsedTime(began) / (Rounds / 10);
            best = each < best ? each : best;
        }

        return best;
    }

    private static ChannelParameters Parameters(InetAddress remote, string peer) => new(
        W, remote, Key("W"), Key(peer), ProtectionType.ConfidentialityAndIntegrity, SaMode.Transport, new QualityOfProtection(Algorithms.Aeads[0], Esn: true));

    private static KeyFingerprint Key(string of) => new(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(of)));
}
