using BenchmarkDotNet.Attributes;
using Latchkey.Crypto;

namespace Latchkey.MicroBench;

/// <summary>One packet, by every backend of this machine.</summary>
public class AeadBenchmarks
{
    private AeadKey _key = null!;
    private byte[] _iv = null!;
    private byte[] _text = null!;
    private byte[] _icv = null!;

    // With extended sequence numbers (RFC 4106 §5).
    private readonly byte[] _header = new byte[12];

    [ParamsSource(nameof(Backends))]
    public AeadBackend Backend { get; set; } = null!;

    [ParamsSource(nameof(Algorithms))]
    public AeadAlgorithm Algorithm { get; set; } = null!;

    [Params(64, 512, 1408, 9000)]
    public int Size { get; set; }

    public static IEnumerable<AeadBackend> Backends => [new BclBackend(), .. IpsecMbBackend.Load().Backend is { } fast ? [fast] : Array.Empty<AeadBackend>()];

    public static IEnumerable<AeadAlgorithm> Algorithms => Crypto.Algorithms.Aeads;

    [GlobalSetup]
    public void SetUp()
    {
        _key = Backend.CreateKey(Algorithm, new byte[Algorithm.KeyMaterialLength]);
        (_iv, _text, _icv) = (new byte[Algorithm.IvLength], new byte[Size], new byte[Algorithm.IcvLength]);
    }

    [GlobalCleanup]
    public void CleanUp() => _key.Dispose();

    [Benchmark]
    public void Encrypt() => _key.Encrypt(_iv, _header, _text, _icv);

    /// <summary>Also what a good packet costs, but for the exception with which the BCL says that it is not.</summary>
    [Benchmark]
    public bool DecryptForged() => _key.TryDecrypt(_iv, _header, _text, _icv);
}
