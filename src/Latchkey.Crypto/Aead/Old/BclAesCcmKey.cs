using System.Security.Cryptography;

namespace Latchkey.Crypto;

internal sealed class BclAesCcmKey(ReadOnlySpan<byte> key, SaltedNonce nonce, int icvLength) : AeadKey
{
    private readonly AesCcm _cipher = new(key);

    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, Span<byte> icv)
    {
        ThrowIfWrongLength(icv);
        _cipher.Encrypt(nonce.For(iv), text, text, icv, associatedData);
    }

    public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
    {
        ThrowIfWrongLength(icv);
        try
        {
            _cipher.Decrypt(nonce.For(iv), text, icv, text, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // As in AES-GCM, the library reports a wrong ICV only by throwing.
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        nonce.Clear();
    }

    // The library takes an ICV of any even length, and would let an attacker choose the shortest.
    private void ThrowIfWrongLength(ReadOnlySpan<byte> icv)
    {
        if (icv.Length != icvLength)
        {
            throw new ArgumentException($"an ICV has {icvLength} octets, not {icv.Length}", nameof(icv));
        }
    }
}
