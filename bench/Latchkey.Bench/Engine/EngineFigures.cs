namespace Latchkey.Bench.Engine;

/// <summary>What the engine can carry, in memory and virtual time.</summary>
internal static class EngineFigures
{
    public static void Print(TextWriter output)
    {
        // The first run pays for the just-in-time compiler, as the daemon's rehearsal does before it takes its first packet.
        ConflictBench.Run(peers: 3, latchesOfPeer: 500, latchesHit: 500);
        var conflict = ConflictBench.Run(peers: 91, latchesOfPeer: 1000, latchesHit: 10_000);
        output.WriteLine($"{conflict.Latches:n0} latches on one host; another key completes IKE_AUTH at an address where {conflict.Hit:n0} of them live");
        output.WriteLine();
        Row("figure", "goal", "measured");
        Row("---", "---", "---");
        Row("first reset after the verdict", "50 ms", $"{conflict.FirstReset.TotalMilliseconds:0.0} ms");
        Row("last reset after the verdict", "500 ms", $"{conflict.LastReset.TotalMilliseconds:0.0} ms");
        Row("memory per latch, engine", "1,024 B", $"{conflict.EngineBytes:0} B");
        Row("memory per latch, datapath", "256 B", $"{conflict.DatapathBytes:0} B");
        foreach (var others in new[] { 0, 10_000, 100_000, 1_000_000 })
        {
            Row($"finding 100 conflicts among {others:n0} latches elsewhere", "the same", $"{FindBench.Wide(others).TotalMicroseconds:0.0} µs");
        }

        foreach (var others in new[] { 0, 10_000, 100_000 })
        {
            Row($"finding 1 conflict of a narrow SA among {others:n0} latches with the same address", "the same", $"{FindBench.Narrow(others).TotalMicroseconds:0.00} µs");
        }

        void Row(string figure, string goal, string measured) => output.WriteLine($"| {figure,-74} | {goal,8} | {measured,10} |");
    }
}
