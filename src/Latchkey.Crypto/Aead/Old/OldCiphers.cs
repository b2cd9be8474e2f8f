namespace Latchkey.Crypto;

// Ciphers for peers that have none of combined mode that we prefer. Nothing offers or accepts one that a configuration does not
// name (RFC 8221 §5 and §6, RFC 8247 §2.1 and §2.3).
//
//   encr  integ        keyword            key     salt  iv  block  icv         ESP       IKE
//   12    12, 13, 14   aes256-sha256 …    16, 32  0     16  16     16, 24, 32  RFC 3602  RFC 7296
//   13    12, 13, 14   aes256ctr-sha256 … 16, 32  4     8   1      16, 24, 32  RFC 3686  RFC 5930
//   15    none         aes256ccm12 …      16, 32  3     8   1      12          RFC 4309  RFC 5282
//   16    none         aes256ccm16 …      16, 32  3     8   1      16          RFC 4309  RFC 5282

/// <summary>A cipher that proves nothing, with HMAC-SHA2 behind it: never without (RFC 3686 §2.2).</summary>
internal abstract class CipherWithHmac(int keyBits, HmacSha2 hmac) : AeadAlgorithm
{
    public override int? KeyLengthAttribute => keyBits;

    public override ushort? IntegrityId => hmac.TransformId;

    public override int KeyLength => keyBits / 8;

    public override int IntegrityKeyLength => hmac.KeyLength;

    public override int IcvLength => hmac.IcvLength;

    public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial)
    {
        var integrityAt = KeyLength + SaltLength;
        return new EncryptThenMacKey(
            CreateCipher(keyMaterial[..KeyLength], keyMaterial[KeyLength..integrityAt]), new HmacIcv(hmac, keyMaterial[integrityAt..KeyMaterialLength]), IvLength, BlockLength);
    }

    private protected abstract UnauthenticatedCipher CreateCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt);
}

/// <summary>AES-CBC with HMAC-SHA2.</summary>
internal sealed class AesCbcHmac(int keyBits, HmacSha2 hmac) : CipherWithHmac(keyBits, hmac)
{
    public override ushort TransformId => 12;

    public override string Name { get; } = $"AES-CBC-{keyBits}/{hmac.Name}";

    public override string Keyword { get; } = $"aes{keyBits}-{hmac.Keyword}";

    public override int SaltLength => 0;

    public override int IvLength => AesCbc.BlockLength;

    public override int BlockLength => AesCbc.BlockLength;

    private protected override UnauthenticatedCipher CreateCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt) => new AesCbc(key);
}

/// <summary>AES-CTR with HMAC-SHA2.</summary>
internal sealed class AesCtrHmac(int keyBits, HmacSha2 hmac) : CipherWithHmac(keyBits, hmac)
{
    public override ushort TransformId => 13;

    public override string Name { get; } = $"AES-CTR-{keyBits}/{hmac.Name}";

    public override string Keyword { get; } = $"aes{keyBits}ctr-{hmac.Keyword}";

    public override int SaltLength => AesCtr.NonceLength;

    public override int IvLength => AesCtr.IvLength;

    private protected override UnauthenticatedCipher CreateCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt) => new AesCtr(key, salt);
}

/// <summary>AES-CCM with an ICV of 12 or 16 octets. That of 8 is for the smallest of devices, and is not here.</summary>
internal sealed class AesCcmAead(ushort transformId, int icvLength, int keyBits) : AeadAlgorithm
{
    public override ushort TransformId => transformId;

    public override int? KeyLengthAttribute => keyBits;

    public override string Name { get; } = $"AES-CCM-{icvLength}-{keyBits}";

    public override string Keyword { get; } = $"aes{keyBits}ccm{icvLength}";

    public override int KeyLength => keyBits / 8;

    public override int SaltLength => 3;

    public override int IvLength => 8;

    public override int IcvLength => icvLength;

    public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial) =>
        new BclAesCcmKey(keyMaterial[..KeyLength], new SaltedNonce(keyMaterial[KeyLength..KeyMaterialLength]), icvLength);
}
