using System.Security.Cryptography;

namespace Latchkey.Crypto;

internal sealed class BclAesCcmKey(ReadOnlySpan<byte> key, SaltedNonce nonce, int icvLength) : BclCombinedKey(nonce, icvLength)
{
    private readonly AesCcm _cipher = new(key);

    protected override void Seal(
        ReadOnlySpan<byte> fullNonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv) =>
        _cipher.Encrypt(fullNonce, plaintext, ciphertext, icv, associatedData);

    protected override void Open(ReadOnlySpan<byte> fullNonce, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv) =>
        _cipher.Decrypt(fullNonce, text, icv, text, associatedData);

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        base.Dispose(disposing);
    }
}
