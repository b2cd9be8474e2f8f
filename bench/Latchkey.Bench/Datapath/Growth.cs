namespace Latchkey.Bench.Datapath;

/// <summary>How the rate falls when there are more flows, or more peers.</summary>
/// <param name="Segments">Packets of a super-segment.</param>
internal sealed record Growth(int Peers, int Flows, int Segments)
{
    private const int Rounds = 8;

    /// <summary>
    /// Packets a second that one core carries out of one host and into another, for each case. The cases take turns, and
    /// the best turn of each counts: a machine that others use is slow for seconds on end.
    /// </summary>
    /// <param name="size">Octets of a packet.</param>
    /// <param name="length">How long each case is measured, all turns together.</param>
    public static double[] Rates(IReadOnlyList<Growth> cases, int size, TimeSpan length)
    {
        TwoHosts[] hosts = [.. cases.Select(c => new TwoHosts(c.Peers, c.Flows, size, c.Segments))];
        var best = new double[hosts.Length];
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < hosts.Length; i++)
            {
                best[i] = Math.Max(best[i], Rate(hosts[i], length / Rounds));
            }
        }

        foreach (var pair in hosts)
        {
            pair.Dispose();
        }

        return best;
    }

    private static double Rate(TwoHosts hosts, TimeSpan length)
    {
        var each = Batches.PerPacket(hosts.PacketsOfBatch, length, hosts.Fill, () =>
        {
            hosts.Protect();
            hosts.Receive();
        });
        return hosts.Lost == 0 ? 1e9 / each : throw new InvalidOperationException($"{hosts.Lost} packets were dropped");
    }
}
