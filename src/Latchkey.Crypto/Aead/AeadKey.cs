using System.Buffers.Binary;

namespace Latchkey.Crypto;

/// <summary>One key of an <see cref="AeadAlgorithm"/>. Not for concurrent use. A packet that verifies allocates nothing.</summary>
public abstract class AeadKey : IDisposable
{
    /// <summary>Writes the explicit IV of the packet with a number, which must never be used twice under one key.</summary>
    public virtual void WriteIv(ulong number, Span<byte> iv)
    {
        iv[..^sizeof(ulong)].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(iv[^sizeof(ulong)..], number);
    }

    /// <summary>Encrypts in place and writes the ICV.</summary>
    /// <param name="iv">Explicit IV; must never repeat under one key.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="text">Plaintext in, ciphertext out.</param>
    /// <exception cref="ArgumentException">IV or ICV have a wrong length: a mistake of the caller, never of a packet.</exception>
    public abstract void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, Span<byte> icv);

    /// <summary>Verifies and decrypts in place; false (and <paramref name="text"/> worthless) when the ICV is wrong.</summary>
    /// <exception cref="ArgumentException">IV or ICV have a wrong length.</exception>
    public abstract bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Clears the key.</summary>
    protected abstract void Dispose(bool disposing);
}
