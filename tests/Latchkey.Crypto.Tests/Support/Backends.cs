using System.Runtime.InteropServices;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>The backends of this machine. The fast one is not optional where it exists: without it nothing is proved of it.</summary>
public static class Backends
{
    private static readonly Lazy<(AeadBackend? Backend, string? Refusal)> Loaded = new(IpsecMbBackend.Load);

    public static AeadBackend Bcl { get; } = new BclBackend();

    public static AeadBackend IpsecMb
    {
        get
        {
            Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "intel-ipsec-mb is for x86-64");
            return Loaded.Value.Backend ?? throw new InvalidOperationException(Loaded.Value.Refusal ?? "install libipsec-mb1, as scripts/common.sh does");
        }
    }

    public static IReadOnlyList<AeadBackend> All => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? [Bcl, IpsecMb] : [Bcl];

    /// <summary>Every AEAD of the registry by every backend.</summary>
    public static TheoryData<BackedAead> AllAeads => [.. All.SelectMany(_ => Algorithms.Aeads, (backend, aead) => new BackedAead(backend, aead))];
}

public sealed record BackedAead(AeadBackend Backend, AeadAlgorithm Algorithm)
{
    public int KeyMaterialLength => Algorithm.KeyMaterialLength;

    public int IvLength => Algorithm.IvLength;

    public int IcvLength => Algorithm.IcvLength;

    public AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial) => Backend.CreateKey(Algorithm, keyMaterial);

    public override string ToString() => $"{Algorithm} by {Backend.Library}";
}
