using System.Buffers.Binary;
using Latchkey.Crypto;

namespace Latchkey.Simulator;

/// <summary>
/// The only source of chance in a simulation: SplitMix64, so that a seed gives the same run on every machine.
/// </summary>
/// <remarks>
/// Independent decisions draw from generators of their own (<see cref="Fork"/>), so that one more datagram, or one action
/// less while a failing schedule is being shrunk, does not reshuffle everything that follows.
/// </remarks>
public sealed class SimulatedRandom(ulong seed) : IRandomSource
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    private readonly ulong _seed = seed;
    private ulong _state = seed;

    /// <summary>A generator that depends on this one's seed and on the label, not on what was drawn so far.</summary>
    public SimulatedRandom Fork(ulong label) => new(Mix(_seed + (GoldenGamma * (label + 1))));

    public ulong Next() => Mix(_state += GoldenGamma);

    /// <summary>0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public TimeSpan Between(TimeSpan low, TimeSpan high) =>
        low + TimeSpan.FromTicks((long)(Next() % (ulong)(high.Ticks - low.Ticks + 1)));

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    public void Fill(Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[8];
        while (!destination.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, Next());
            var taken = Math.Min(8, destination.Length);
            word[..taken].CopyTo(destination);
            destination = destination[taken..];
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
