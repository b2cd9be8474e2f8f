using System.Diagnostics;
using Latchkey.Bench.Report;

namespace Latchkey.Bench.Datapath;

/// <summary>Times work that is done in batches.</summary>
internal static class Batches
{
    /// <param name="packets">In one batch.</param>
    /// <param name="prepare">Makes a batch ready; that is not counted.</param>
    /// <returns>Nanoseconds for one packet.</returns>
    public static double PerPacket(int packets, TimeSpan length, Action prepare, Action act)
    {
        // A quarter more, which does not count: caches and branches are as they are when traffic flows.
        var times = new List<double>();
        var (began, warmUp) = (Stopwatch.GetTimestamp(), length / 4);
        for (var passed = TimeSpan.Zero; passed < warmUp + length; passed = Stopwatch.GetElapsedTime(began))
        {
            prepare();
            var before = Stopwatch.GetTimestamp();
            act();
            var spent = Stopwatch.GetElapsedTime(before);
            if (passed >= warmUp)
            {
                times.Add(spent.TotalNanoseconds / packets);
            }
        }

        // What another program took of the core in the middle of a batch is not the datapath's.
        return Statistics.Median(times);
    }

    public static void Repeat(int packets, Action action)
    {
        for (var i = 0; i < packets; i++)
        {
            action();
        }
    }
}
