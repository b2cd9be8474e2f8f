using System.Security.Cryptography;

namespace Latchkey.Crypto;

internal sealed class BclAesGcmKey(ReadOnlySpan<byte> key, SaltedNonce nonce) : AeadKey
{
    private const int IcvLength = 16;

    private readonly AesGcm _cipher = new(key, IcvLength);

    public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, Span<byte> icv) =>
        _cipher.Encrypt(nonce.For(iv), text, text, icv, associatedData);

    public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
    {
        try
        {
            _cipher.Decrypt(nonce.For(iv), text, icv, text, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // The library has no other way to say so; what this costs is in docs/decisions/crypto-libraries.md.
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        nonce.Clear();
    }
}
