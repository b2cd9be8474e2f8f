using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>ChaCha20-Poly1305 (RFC 7634). Its key has one size, so a proposal must not carry a Key Length attribute.</summary>
internal sealed class ChaCha20Poly1305Aead : AeadAlgorithm
{
    public override ushort TransformId => 28;

    public override int? KeyLengthAttribute => null;

    public override string Name => "ChaCha20-Poly1305";

    public override int KeyLength => 32;

    public override int SaltLength => 4;

    public override int IvLength => 8;

    public override int IcvLength => 16;

    public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial)
    {
        ThrowIfWrongLength(keyMaterial);
        return new Key(this, keyMaterial);
    }

    private sealed class Key(ChaCha20Poly1305Aead algorithm, ReadOnlySpan<byte> keyMaterial) : AeadKey
    {
        private readonly ChaCha20Poly1305 _cipher = new(keyMaterial[..algorithm.KeyLength]);
        private readonly SaltedNonce _nonce = new(keyMaterial[algorithm.KeyLength..], algorithm.IvLength);

        public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, Span<byte> icv) =>
            _cipher.Encrypt(_nonce.For(iv), text, text, icv, associatedData);

        public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
        {
            try
            {
                _cipher.Decrypt(_nonce.For(iv), text, icv, text, associatedData);
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
            _nonce.Clear();
        }
    }
}
