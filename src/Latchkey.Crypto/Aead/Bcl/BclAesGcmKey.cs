using System.Security.Cryptography;

namespace Latchkey.Crypto;

internal sealed class BclAesGcmKey(ReadOnlySpan<byte> key, SaltedNonce nonce) : BclCombinedKey(nonce, IcvLength)
{
    private const int IcvLength = 16;

    private readonly AesGcm _cipher = new(key, IcvLength);

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
