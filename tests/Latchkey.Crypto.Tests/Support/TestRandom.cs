namespace Latchkey.Crypto.Tests;

/// <summary>Gives out what the test says, in order.</summary>
public sealed class ScriptedRandom(params byte[][] script) : IRandomSource
{
    private readonly Queue<byte[]> _script = new(script);

    public void Fill(Span<byte> destination) => _script.Dequeue().CopyTo(destination);
}

/// <summary>The same octets for the same seed: for tests only.</summary>
public sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);
}
