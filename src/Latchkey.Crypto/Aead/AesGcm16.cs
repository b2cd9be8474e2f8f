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

    public override string Keyword { get; } = $"aes{keyBits}gcm16";

    public override int KeyLength => keyBits / 8;

    public override int SaltLength => 4;

    public override int IvLength => 8;

    public override int IcvLength => 16;
}
