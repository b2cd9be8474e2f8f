using BenchmarkDotNet.Attributes;
using Latchkey.Datapath;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

/// <summary>Finding the flow of a packet, in an order without locality.</summary>
public class FlowLookupBenchmarks
{
    private FlowTable _table = null!;
    private FlowKey[] _keys = null!;
    private int _next;

    [Params(1, 100, 10_000, 100_000)]
    public int Flows { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _table = new FlowTable(2 * Flows);
        _keys = [.. Enumerable.Range(0, Flows).Select(n => new FlowKey(
            IpProtocol.Tcp, InetAddress.FromV4(0x0a00_0001), (ushort)(n % 50_000), InetAddress.FromV4(0x0a01_0000 + (uint)(n / 50_000)), 7000))];
        foreach (var key in _keys)
        {
            _table.GetOrAdd(key);
        }

        new Random(1).Shuffle(_keys);
    }

    [Benchmark]
    public bool Find()
    {
        _next = _next + 1 == _keys.Length ? 0 : _next + 1;
        return _table.Find(_keys[_next]) is not null;
    }
}
