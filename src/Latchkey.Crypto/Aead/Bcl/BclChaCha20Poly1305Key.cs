using System.Security.Cryptography;

namespace Latchkey.Crypto;

internal sealed class BclChaCha20Poly1305Key(ReadOnlySpan<byte> key, SaltedNonce nonce) : AeadKey
{
    private readonly ChaCha20Poly1305 _cipher = new(key);

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
            // As in AES-GCM, the library reports a wrong ICV only by throwing.
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        nonce.Clear();
    }
}
