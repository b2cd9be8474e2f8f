using System.Buffers.Binary;
using Latchkey.Crypto;

namespace Latchkey.Fuzz;

/// <summary>Octets that look random and are the same in every run (SplitMix64).</summary>
internal sealed class SeededRandom(ulong seed) : IRandomSource
{
    private ulong _state = seed;

    public void Fill(Span<byte> destination)
    {
        Span<byte> octets = stackalloc byte[8];
        while (!destination.IsEmpty)
        {
            BinaryPrimitives.WriteUInt64BigEndian(octets, Next());
            var taken = Math.Min(octets.Length, destination.Length);
            octets[..taken].CopyTo(destination);
            destination = destination[taken..];
        }
    }

    private ulong Next()
    {
        var mixed = _state += 0x9E37_79B9_7F4A_7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
