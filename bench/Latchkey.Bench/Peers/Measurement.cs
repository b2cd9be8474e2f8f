using System.Globalization;
using Latchkey.Bench.Load;
using Latchkey.Bench.Report;
using Latchkey.Lab;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>Everything that is measured of one peer that is up.</summary>
/// <param name="seconds">Length of one transfer.</param>
internal sealed class Measurement(Peer peer, Ends ends, Tunnel tunnel, Results results, int seconds)
{
    private const int EchoPort = 7001;
    private const int DatagramPort = 7002;
    private const int WarmConnections = 300;
    private const int SegmentOctets = 1400;

    // As many datagrams as fit an IP packet, and no more than 64, which every kernel with UDP_SEGMENT takes.
    private static int SegmentsOf(int size) => Math.Min(64, 65_000 / size);

    /// <summary>The names that <c>--only</c> takes, with what each measures.</summary>
    public static IReadOnlyDictionary<string, Func<Measurement, Task>> Kinds { get; } = new Dictionary<string, Func<Measurement, Task>>
    {
        // First, because it is the first connection that is measured.
        ["latency"] = m => m.Latency(),
        ["tcp"] = m => m.Tcp(),
        ["udp"] = m => m.Udp(),
    };

    private async Task Latency()
    {
        // The host ends it with itself.
        await StartServer(ends.B, "echo", _ => { }, $"{EchoPort}");
        Add(Figure.FirstConnect, (await Ask("connect", "1")).P50 / 1000);
        var warm = await Ask("connect", $"{WarmConnections}");
        Add(Figure.ConnectP50, warm.P50);
        Add(Figure.ConnectP99, warm.P99);
        var idle = await Ask("ask", $"{seconds}");
        Add(Figure.IdleP50, idle.P50);
        Add(Figure.IdleP99, idle.P99);
        var transfer = Transfer.Run(ends, tunnel, seconds + 3);
        var loaded = await Ask("ask", $"{seconds}");
        await transfer;
        Add(Figure.LoadedP50, loaded.P50);
        Add(Figure.LoadedP99, loaded.P99);
    }

    private async Task Tcp()
    {
        // Not counted: slow start, and the first connection's key exchange.
        await Transfer.Run(ends, tunnel, 1);
        foreach (var daemon in tunnel.Daemons.Take(1))
        {
            Add(Figure.Resident, ProcessUse.Of(daemon).ResidentMebibytes);
        }

        // Asking costs memory too; how much is known from asking twice.
        var first = await peer.Allocated(ends);
        var second = await peer.Allocated(ends);
        var cpu = CpuSeconds();
        var one = await Transfer.Run(ends, tunnel, seconds);
        Add(Figure.Tcp1, one.Gbps);
        if (tunnel.Daemons.Count > 0)
        {
            Add(Figure.CpuPerGib, (CpuSeconds() - cpu) / (one.Octets / (1 << 30)));
        }

        if (await peer.Allocated(ends) - second - (second - first) is { } allocated)
        {
            Add(Figure.Allocated, Math.Max(0, allocated) / (one.Octets / SegmentOctets));
        }

        Add(Figure.Tcp8, (await Transfer.Run(ends, tunnel, seconds, streams: 8)).Gbps);
        Add(Figure.Tcp128, (await Transfer.Run(ends, tunnel, seconds, streams: 128)).Gbps);
        Add(Figure.TcpBoth, (await Transfer.Run(ends, tunnel, seconds, bothWays: true)).Gbps);
    }

    private async Task Udp()
    {
        foreach (var size in Figure.DatagramSizes)
        {
            await Flood(size, gso: false);
            await Flood(size, gso: true);
        }
    }

    private async Task Flood(int size, bool gso)
    {
        var counted = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiver = await StartServer(ends.B, "receive", line => counted.TrySetResult(line), $"{DatagramPort}", $"{seconds}");
        // A little longer than is counted, so that the end is not.
        var sent = await ends.A.Try(
            TimeSpan.FromSeconds(seconds + 20), [.. Program, "load", "send", tunnel.Address, $"{DatagramPort}", $"{size}", gso ? $"{SegmentsOf(size)}" : "1", $"{seconds + 1}"]);
        if (sent.Status != 0)
        {
            // A segment may not be larger than the path, and tunnels with an MTU of their own have a narrower one.
            await receiver.Stop();
            results.Limits.Add($"{peer.Name}: {Figure.Udp(size, gso).Name}: the kernel does not take it ({LastLine(sent.Complaint)})");
            return;
        }

        Add(Figure.Udp(size, gso), double.Parse(await counted.Task.WaitAsync(TimeSpan.FromSeconds(seconds + 20)), CultureInfo.InvariantCulture) / 1000);
        await receiver.Stop();
    }

    private async Task<(double P50, double P99)> Ask(string how, string howLong)
    {
        var result = await ends.A.Try(TimeSpan.FromSeconds(seconds + 60), [.. Program, "load", how, tunnel.Address, $"{EchoPort}", howLong]);
        return result.Status == 0 ? RoundTrips.Read(result.Output) : throw new LabException($"load {how}: {LastLine(result.Complaint)}");
    }

    private void Add(Figure figure, double value) => results.Add(figure, peer.Name, value);

    private double CpuSeconds() => tunnel.Daemons.Sum(daemon => ProcessUse.Of(daemon).CpuSeconds);

    private static IReadOnlyList<string> Program => Product.Executable;

    /// <summary>Starts one of our own servers and waits until it can be reached.</summary>
    private static async Task<BackgroundProcess> StartServer(LabHost host, string program, Action<string> heard, params IReadOnlyList<string> arguments)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = host.Start(program, [.. Program, "load", program, .. arguments], process => process.LineWritten += line =>
        {
            if (line == LoadCommand.Ready)
            {
                ready.TrySetResult();
            }
            else
            {
                heard(line);
            }
        });
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(20));
        return server;
    }

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "without a word";
}
