using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>Octets that must not be seen: zeroed on disposal, without a printable form.</summary>
/// <remarks>One owner at a time; whoever takes a <see cref="SecretBytes"/> over disposes it.</remarks>
public sealed class SecretBytes : IDisposable
{
    private static readonly ConditionalWeakTable<SecretBytes, Cleaner> Shared = [];

    // Pinned, so that the collector leaves no second copy behind when it moves objects.
    private readonly byte[] _bytes;
    private bool _disposed;

    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    public SecretBytes(ReadOnlySpan<byte> source)
        : this(source.Length) => source.CopyTo(_bytes);

    /// <summary>A secret with many owners, of whom nobody knows who is the last: it is zeroed when none of them is there any more.</summary>
    public static SecretBytes OfMany(ReadOnlySpan<byte> source)
    {
        var secret = new SecretBytes(source);
        Shared.Add(secret, new Cleaner(secret._bytes));
        return secret;
    }

    public int Length => _bytes.Length;

    /// <exception cref="ObjectDisposedException">The secret was cleared.</exception>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    public SecretBytes Clone() => new(Span);

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _disposed = true;
    }

    public override string ToString() => $"secret ({Length} octets)";

    private sealed class Cleaner(byte[] octets)
    {
        ~Cleaner() => CryptographicOperations.ZeroMemory(octets);
    }
}
