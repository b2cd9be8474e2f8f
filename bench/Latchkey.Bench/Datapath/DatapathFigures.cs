using System.Globalization;
using Latchkey.Bench.Report;

namespace Latchkey.Bench.Datapath;

/// <summary>What the datapath costs by itself: one thread, no sockets, no devices.</summary>
internal static class DatapathFigures
{
    /// <summary>Packets that Linux gives a device at once: 64 KiB.</summary>
    public const int SuperSegment = 46;

    private const int SmallPacket = 84; // a datagram of 56 octets
    private const int LargePacket = 1400;

    private static readonly int[] ManyFlows = [1, 100, 10_000, 100_000];
    private static readonly int[] ManyPeers = [1, 100, 1000];

    public static void Print(TextWriter output, TimeSpan length)
    {
        output.WriteLine(OfStages(length));
        output.WriteLine();
        output.WriteLine(OfGrowth(length).Table);
    }

    /// <summary>Where the time of a packet goes.</summary>
    public static Table OfStages(TimeSpan length)
    {
        var columns = new[] { SmallPacket, LargePacket }.Select(size => Stages.Measure(size, length)).ToArray();
        var table = new Table(["one core, in memory", $"{SmallPacket} octets", $"{LargePacket} octets"]);
        Row("IP headers read", s => s.Parse, "ns");
        Row("AES-256-GCM, encrypted", s => s.Encrypt, "ns");
        Row("out: read, flow, channel, ESP, encrypted, handed to a link", s => s.Out, "ns");
        Row("AES-256-GCM, decrypted", s => s.Decrypt, "ns");
        Row("in: SA, replay window, decrypted, flow, channel, handed to a device", s => s.In, "ns");
        Row("packets a second out", s => 1e9 / s.Out, "");
        Row("packets a second in", s => 1e9 / s.In, "");
        Row("allocated for a packet, out and in", s => s.Allocated, "octets");
        return table;

        void Row(string name, Func<Stages, double> value, string unit) =>
            table.Add([name, .. columns.Select(s => string.Create(CultureInfo.InvariantCulture, $"{value(s):n0} {unit}").TrimEnd())]);
    }

    /// <summary>Packets a second with more and more flows and peers.</summary>
    public static (Table Table, IReadOnlyList<Bar> Bars) OfGrowth(TimeSpan length)
    {
        var bulk = Series([.. ManyFlows.Select(n => new Growth(1, n, SuperSegment))], g => $"{Count(g.Flows, "flow")}, {SuperSegment} packets of one at a time");
        var flows = Series([.. ManyFlows.Select(n => new Growth(1, n, 1))], g => $"{Count(g.Flows, "flow")}, one packet at a time");
        var peers = Series([.. ManyPeers.Select(n => new Growth(n, 1000, 1))], g => $"1,000 flows with {Count(g.Peers, "peer")}, one packet at a time");
        var table = new Table([$"packets of {LargePacket} octets, out and in again, one core, in memory", "1,000/s", "of the first"]);
        foreach (var series in new[] { bulk, flows, peers })
        {
            foreach (var bar in series)
            {
                table.Add([bar.Label, string.Create(CultureInfo.InvariantCulture, $"{bar.Value:n0}"), string.Create(CultureInfo.InvariantCulture, $"{bar.Value / series[0].Value:0.00}")]);
            }
        }

        return (table, [.. bulk, .. flows, .. peers]);

        Bar[] Series(Growth[] cases, Func<Growth, string> label) =>
            [.. cases.Zip(Growth.Rates(cases, LargePacket, length), (growth, rate) => new Bar(label(growth), rate / 1000))];
    }

    private static string Count(int n, string what) => string.Create(CultureInfo.InvariantCulture, $"{n:n0} {what}{(n == 1 ? "" : "s")}");
}
