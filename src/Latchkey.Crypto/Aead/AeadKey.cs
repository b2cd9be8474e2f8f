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

    /// <summary>Encrypts and writes the ICV.</summary>
    /// <param name="iv">Explicit IV; must never repeat under one key.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="plaintext">Where <paramref name="ciphertext"/> is, or not overlapping it.</param>
    /// <param name="ciphertext">As long as <paramref name="plaintext"/>.</param>
    /// <exception cref="ArgumentException">A length is wrong: a mistake of the caller, never of a packet.</exception>
    public abstract void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv);

    /// <summary>Encrypts in place and writes the ICV.</summary>
    /// <inheritdoc cref="Encrypt(ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte}, Span{byte})"/>
    /// <param name="text">Plaintext in, ciphertext out.</param>
    public void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, Span<byte> icv) =>
        Encrypt(iv, associatedData, text, text, icv);

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
