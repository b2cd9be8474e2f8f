using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>A key of the library: its expanded form and the library's working memory, at one place that never moves.</summary>
internal abstract unsafe class IpsecMbKey : AeadKey
{
    protected const int IcvLength = 16;

    // The library's structures want to begin at a cache line.
    private const int Alignment = 64;

    private readonly SaltedNonce _nonce;
    private readonly SecretBytes _memory;
    private readonly int _start;

    /// <param name="length">Octets of memory the library needs for one key.</param>
    private protected IpsecMbKey(int length, SaltedNonce nonce)
    {
        _nonce = nonce;
        _memory = new SecretBytes(Alignment + length);
        fixed (byte* memory = _memory.Span)
        {
            _start = (int)(-(nint)memory & (Alignment - 1));
        }
    }

    protected Span<byte> Memory => _memory.Span[_start..];

    public sealed override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv)
    {
        ThrowIfWrongLength(icv);
        if (ciphertext.Length != plaintext.Length)
        {
            throw new ArgumentException($"the ciphertext has {plaintext.Length} octets, not {ciphertext.Length}", nameof(ciphertext));
        }

        fixed (byte* memory = Memory, nonce = _nonce.For(iv), header = associatedData, from = plaintext, to = ciphertext, tag = icv)
        {
            Encrypt(memory, nonce, header, (ulong)associatedData.Length, from, to, (ulong)plaintext.Length, tag);
        }
    }

    public sealed override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
    {
        ThrowIfWrongLength(icv);
        Span<byte> expected = stackalloc byte[IcvLength];
        fixed (byte* memory = Memory, nonce = _nonce.For(iv), header = associatedData, octets = text, tag = expected)
        {
            Decrypt(memory, nonce, header, (ulong)associatedData.Length, octets, (ulong)text.Length, tag);
        }

        if (AreEqual(expected, icv))
        {
            return true;
        }

        // Whoever forged this is told neither what it decrypts to nor what its ICV should have been.
        CryptographicOperations.ZeroMemory(expected);
        CryptographicOperations.ZeroMemory(text);
        return false;
    }

    /// <param name="memory"><see cref="Memory"/>.</param>
    /// <param name="nonce">12 octets.</param>
    private protected abstract void Encrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* plaintext, byte* ciphertext, ulong textLength, byte* icv);

    /// <param name="icv">Receives what the ICV ought to be.</param>
    private protected abstract void Decrypt(byte* memory, byte* nonce, byte* header, ulong headerLength, byte* text, ulong textLength, byte* icv);

    protected sealed override void Dispose(bool disposing)
    {
        _memory.Dispose();
        _nonce.Clear();
    }

    /// <summary>Takes the same time wherever they differ, as the library's own comparison does, which goes octet by octet: 40 ns for each packet.</summary>
    private static bool AreEqual(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> icv) =>
        (Vector128.Create(expected) ^ Vector128.Create(icv)) == Vector128<byte>.Zero;

    private static void ThrowIfWrongLength(ReadOnlySpan<byte> icv)
    {
        if (icv.Length != IcvLength)
        {
            throw new ArgumentException($"the ICV has {IcvLength} octets, not {icv.Length}", nameof(icv));
        }
    }
}
