using BenchmarkDotNet.Attributes;
using Latchkey.Wire;

namespace Latchkey.MicroBench;

public class ChecksumBenchmarks
{
    private byte[] _octets = null!;

    [Params(64, 1408, 65_000)]
    public int Size { get; set; }

    [GlobalSetup]
    public void SetUp() => new Random(1).NextBytes(_octets = new byte[Size]);

    [Benchmark]
    public ushort Of() => InternetChecksum.Of(_octets);
}
