using System.Security.Cryptography;

namespace Latchkey.Crypto;

// Combined-mode ciphers of the product. Nonce = salt | explicit IV, 12 octets.
//
//   id  name               key attr.  key  salt  iv  icv  ESP       IKE
//   20  AES-GCM-16-128     128        16   4     8   16   RFC 4106  RFC 5282
//   20  AES-GCM-16-256     256        32   4     8   16   RFC 4106  RFC 5282
//   28  ChaCha20-Poly1305  none       32   4     8   16   RFC 7634  RFC 7634

/// <summary>AES-GCM with a 16-octet ICV.</summary>
internal sealed class AesGcm16(int keyBits) : AeadAlgorithm
{
    public override ushort TransformId => 20;

    public override int? KeyLengthAttribute => keyBits;

    public override string Name { get; } = $"AES-GCM-16-{keyBits}";

    public override int KeyLength => keyBits / 8;

    public override int SaltLength => 4;

    public override int IvLength => 8;

    public override int IcvLength => 16;

    public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial)
    {
        ThrowIfWrongLength(keyMaterial);
        return new Key(this, keyMaterial);
    }

    private sealed class Key(AesGcm16 algorithm, ReadOnlySpan<byte> keyMaterial) : AeadKey
    {
        private readonly AesGcm _cipher = new(keyMaterial[..algorithm.KeyLength], algorithm.IcvLength);
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
                // The library has no other way to say so; what this costs is in docs/decisions/crypto-libraries.md.
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
