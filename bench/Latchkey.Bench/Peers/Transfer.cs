using System.Text.Json;
using Latchkey.Lab;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>What one run of iperf3 moved.</summary>
/// <param name="Gbps">Received, in all directions together.</param>
/// <param name="Octets">Received.</param>
internal sealed record Transfer(double Gbps, double Octets)
{
    private const string Port = "5201";

    // The second is there when both sent.
    private static readonly string[] Received = ["sum_received", "sum_received_bidir_reverse"];

    public static async Task<Transfer> Run(Ends ends, Tunnel tunnel, int seconds, int streams = 1, bool bothWays = false)
    {
        var server = ends.B.Start("iperf3", ["iperf3", "-s", "-1", "-p", Port]);
        try
        {
            await Peer.Until(async () => (await ends.B.Run("ss", "-Hltn", $"sport = :{Port}")).Length > 0, "the iperf3 server does not listen");
            var result = await ends.A.Try(
                TimeSpan.FromSeconds(seconds + 20),
                ["iperf3", "-c", tunnel.Address, "-p", Port, "-t", $"{seconds}", "-P", $"{streams}", "-J", "--connect-timeout", "5000", .. bothWays ? ["--bidir"] : Array.Empty<string>()]);
            return Read(result.Output);
        }
        finally
        {
            await server.Stop();
        }
    }

    /// <param name="report">What <c>iperf3 -J</c> prints.</param>
    internal static Transfer Read(string report)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(report);
        }
        catch (JsonException)
        {
            throw new LabException("iperf3 did not finish");
        }

        using (document)
        {
            if (document.RootElement.TryGetProperty("error", out var error))
            {
                throw new LabException($"iperf3: {error.GetString()}");
            }

            var end = document.RootElement.GetProperty("end");
            JsonElement[] sums = [.. from name in Received where end.TryGetProperty(name, out _) select end.GetProperty(name)];
            return new Transfer(sums.Sum(s => s.GetProperty("bits_per_second").GetDouble()) / 1e9, sums.Sum(s => s.GetProperty("bytes").GetDouble()));
        }
    }
}
