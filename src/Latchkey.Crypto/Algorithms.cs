using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>Every algorithm the product can negotiate, by transform type and IANA number.</summary>
public static class Algorithms
{
    public static IReadOnlyList<AeadAlgorithm> Aeads { get; } =
        [new AesGcm16(256), new AesGcm16(128), new ChaCha20Poly1305Aead()];

    /// <summary>For old peers, and only where a configuration names them.</summary>
    public static IReadOnlyList<AeadAlgorithm> OldCiphers { get; } =
    [
        .. HmacSha2.All.SelectMany(hmac => new[] { 256, 128 }.Select(bits => new AesCbcHmac(bits, hmac))),
        .. HmacSha2.All.SelectMany(hmac => new[] { 256, 128 }.Select(bits => new AesCtrHmac(bits, hmac))),
        new AesCcmAead(16, 16, 256), new AesCcmAead(16, 16, 128), new AesCcmAead(15, 12, 256), new AesCcmAead(15, 12, 128),
    ];

    public static IReadOnlyList<PrfAlgorithm> Prfs { get; } =
        [new HmacSha2Prf(5, HashAlgorithmName.SHA256, 256), new HmacSha2Prf(6, HashAlgorithmName.SHA384, 384), new HmacSha2Prf(7, HashAlgorithmName.SHA512, 512)];

    public static IReadOnlyList<KeyExchangeMethod> KeyExchanges { get; } =
        [new X25519KeyExchange(), EcpKeyExchange.P256, EcpKeyExchange.P384, new Modp2048KeyExchange()];

    /// <summary>For a second key exchange beside the first (RFC 9370).</summary>
    public static KeyExchangeMethod MlKem768 => MlKemKeyExchange.MlKem768;

    /// <inheritdoc cref="MlKem768"/>
    public static KeyExchangeMethod MlKem1024 => MlKemKeyExchange.MlKem1024;

    /// <summary>What this host can verify, for SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4): SHA2-256, -384, -512 and Identity.</summary>
    public static IReadOnlyList<ushort> SignatureHashes { get; } = [2, 3, 4, 5];

    /// <param name="keyLength">The Key Length attribute in bits, or null when the proposal has none.</param>
    public static AeadAlgorithm? FindAead(ushort transformId, int? keyLength) =>
        Aeads.FirstOrDefault(a => a.TransformId == transformId && a.KeyLengthAttribute == keyLength);

    /// <summary>Any cipher, old ones too.</summary>
    /// <param name="integrityId">Of the integrity algorithm behind it; null: combined mode.</param>
    public static AeadAlgorithm? FindCipher(ushort transformId, int? keyLength, ushort? integrityId) =>
        Aeads.Concat(OldCiphers).FirstOrDefault(a => a.TransformId == transformId && a.KeyLengthAttribute == keyLength && a.IntegrityId == integrityId);

    public static PrfAlgorithm? FindPrf(ushort transformId) => Prfs.FirstOrDefault(p => p.TransformId == transformId);

    public static KeyExchangeMethod? FindKeyExchange(ushort transformId) =>
        KeyExchanges.FirstOrDefault(k => k.TransformId == transformId);
}
