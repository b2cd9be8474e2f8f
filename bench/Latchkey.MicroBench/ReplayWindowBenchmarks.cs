using BenchmarkDotNet.Attributes;
using Latchkey.Datapath;

namespace Latchkey.MicroBench;

public class ReplayWindowBenchmarks
{
    private readonly ReplayWindow _window = new(esn: true);
    private ulong _next;

    /// <summary>A packet in its order.</summary>
    [Benchmark]
    public void InOrder() => Take(++_next);

    /// <summary>Every second packet was overtaken by its successor.</summary>
    [Benchmark(OperationsPerInvoke = 2)]
    public void Overtaken()
    {
        Take(_next + 2);
        Take(_next + 1);
        _next += 2;
    }

    private void Take(ulong sequence)
    {
        var whole = _window.Infer((uint)sequence);
        if (!_window.IsFresh(whole))
        {
            throw new InvalidOperationException($"{whole} is not fresh");
        }

        _window.Accept(whole);
    }
}
