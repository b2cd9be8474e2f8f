using Latchkey.Crypto;

namespace Latchkey.Ike.Tests;

/// <summary>Octets that depend on a seed only, so that a run replays exactly.</summary>
internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);

    public int Next(int limit) => _random.Next(limit);

    public double NextDouble() => _random.NextDouble();
}
