using System.Globalization;
using System.Net;
using Latchkey.Bench.Load;
using Latchkey.Bench.Report;
using Latchkey.Lab;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;

namespace Latchkey.Bench.Peers;

/// <summary>
/// What two daemons hold in memory, as the kernel counts it: alone, with many peers, with many flows. Real handshakes,
/// connections and sockets; a peer is an address with IKE and Child SAs of its own.
/// </summary>
internal static class DaemonMemory
{
    private const int FirstPort = 7003;

    /// <summary>A process may have 20,000 files open where nobody allows it more; a crowd is of several processes.</summary>
    private const int OfOneProcess = 18_000;
    private const string Addresses = "10.78.0.0/16";
    private static readonly IPAddress First = IPAddress.Parse("10.78.1.0");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task<Table> Measure(CancellationToken cancellation)
    {
        var table = new Table(["two daemons, resident memory of each", "that of the server", "that of the clients"]);
        await Add("alone", 0, 0);
        await Add("1,000 peers with a connection each", 1000, 1000);
        await Add("100,000 connections of 4 peers", 4, 100_000);
        return table;

        async Task Add(string name, int peers, int connections)
        {
            var (server, clients) = await Measure(peers, connections, cancellation);
            table.Add([name, string.Create(CultureInfo.InvariantCulture, $"{server:0} MiB"), string.Create(CultureInfo.InvariantCulture, $"{clients:0} MiB")]);
        }
    }

    private static async Task<(double Server, double Clients)> Measure(int peers, int connections, CancellationToken cancellation)
    {
        await using var laboratory = new Laboratory(new AddressPlan(false), keep: false, cancellation);
        var ends = await Ends.Create(laboratory);
        await ends.B.Namespace.Ip("route", "add", Addresses, "via", Ends.AddressA);
        for (var i = 0; i < peers; i++)
        {
            await ends.A.Namespace.Ip("addr", "add", $"{Crowd.Successor(First, i)}/32", "dev", Ends.Device);
        }

        var latchkey = new LatchkeyPeer { From = Addresses };
        try
        {
            var tunnel = await latchkey.Up(ends);
            if (connections > 0)
            {
                for (var (port, left) = (FirstPort, connections); left > 0; (port, left) = (port + 1, left - OfOneProcess))
                {
                    await Ready(ends.B, "keep", $"{port}");
                    await Ready(ends.A, "hold", Ends.AddressB, $"{port}", $"{First}", $"{peers}", $"{Math.Min(left, OfOneProcess)}");
                }

                var latched = await LatchkeyPeer.Latched(ends);
                if (latched < connections)
                {
                    throw new LabException($"only {latched} of {connections} connections are latched");
                }
            }

            return (ProcessUse.Of(tunnel.Daemons[1]).ResidentMebibytes, ProcessUse.Of(tunnel.Daemons[0]).ResidentMebibytes);
        }
        finally
        {
            await latchkey.Down(ends);
        }
    }

    private static async Task Ready(LabHost host, string program, params IReadOnlyList<string> arguments)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Start(
            program, ["prlimit", $"--nofile={OfOneProcess + 1000}", .. Product.Executable, "load", program, .. arguments],
            process => process.LineWritten += line =>
            {
                if (line == LoadCommand.Ready)
                {
                    ready.TrySetResult();
                }
                else
                {
                    ready.TrySetException(new LabException($"load {program}: {line}"));
                }
            });
        await ready.Task.WaitAsync(Limit, host.Cancellation);
    }
}
