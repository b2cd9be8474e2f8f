using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>A key of a combined mode in the .NET library.</summary>
internal abstract class BclCombinedKey(SaltedNonce nonce, int icvLength) : AeadKey
{
    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv)
    {
        ThrowIfWrongLength(icv);
        Seal(nonce.For(iv), associatedData, plaintext, ciphertext, icv);
    }

    public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
    {
        ThrowIfWrongLength(icv);
        try
        {
            Open(nonce.For(iv), associatedData, text, icv);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // The library has no other way to say so; what this costs is in docs/decisions/crypto-libraries.md.
            return false;
        }
    }

    protected abstract void Seal(
        ReadOnlySpan<byte> fullNonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv);

    /// <summary>In place.</summary>
    protected abstract void Open(ReadOnlySpan<byte> fullNonce, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv);

    protected override void Dispose(bool disposing) => nonce.Clear();

    // In AES-CCM the library takes an ICV of any even length, and would let an attacker choose the shortest.
    private void ThrowIfWrongLength(ReadOnlySpan<byte> icv)
    {
        if (icv.Length != icvLength)
        {
            throw new ArgumentException($"an ICV has {icvLength} octets, not {icv.Length}", nameof(icv));
        }
    }
}
