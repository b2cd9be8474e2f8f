using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>Where SPIs, nonces, cookies and private values come from; injected so that a simulation replays exactly.</summary>
public interface IRandomSource
{
    void Fill(Span<byte> destination);
}

/// <summary>The operating system's generator: what the daemon uses.</summary>
public sealed class SystemRandom : IRandomSource
{
    public static SystemRandom Instance { get; } = new();

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
