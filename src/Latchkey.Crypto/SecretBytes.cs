using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>Octets that must not be seen: zeroed on disposal, without a printable form.</summary>
/// <remarks>One owner at a time; whoever takes a <see cref="SecretBytes"/> over disposes it.</remarks>
public sealed class SecretBytes : IDisposable
{
    // Pinned, so that the collector leaves no second copy behind when it moves objects.
    private readonly byte[] _bytes;
    private bool _disposed;

    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    public SecretBytes(ReadOnlySpan<byte> source)
        : this(source.Length) => source.CopyTo(_bytes);

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
}
