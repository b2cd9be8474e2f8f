using System.Collections.Concurrent;
using Latchkey.Crypto;

namespace Latchkey.Simulator;

/// <summary>Ed25519 keys by number: the same number is the same key in every run.</summary>
public static class Identities
{
    private static readonly ConcurrentDictionary<int, KeyFingerprint> Fingerprints = new();

    /// <summary>The key; the caller owns it.</summary>
    public static SigningKey Key(int number) => SigningKey.Generate(new SimulatedRandom(0x1D00 + (ulong)number));

    public static KeyFingerprint Fingerprint(int number) => Fingerprints.GetOrAdd(number, static n =>
    {
        using var key = Key(n);
        return key.Public.Fingerprint;
    });
}
