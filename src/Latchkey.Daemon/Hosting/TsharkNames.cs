using Latchkey.Crypto;

namespace Latchkey.Daemon.Hosting;

/// <summary>What the two tables of tshark call a cipher and what protects it; null: they have no name for it.</summary>
internal static class TsharkNames
{
    private const int AesCbc = 12;
    private const int AesCtr = 13;
    private const int AesCcm12 = 15;
    private const int AesCcm16 = 16;
    private const int AesGcm16 = 20;

    public static (string Encryption, string Integrity)? InIke(AeadAlgorithm cipher) => cipher.TransformId switch
    {
        AesGcm16 => ($"AES-GCM-{cipher.KeyLengthAttribute} with 16 octet ICV [RFC5282]", "NONE [RFC4306]"),
        AesCcm12 or AesCcm16 => ($"AES-CCM-{cipher.KeyLengthAttribute} with {cipher.IcvLength} octet ICV [RFC5282]", "NONE [RFC4306]"),
        AesCbc => ($"AES-CBC-{cipher.KeyLengthAttribute} [RFC3602]", $"HMAC_SHA2_{Hash(cipher)}_{8 * cipher.IcvLength} [RFC4868]"),
        AesCtr => ($"AES-CTR-{cipher.KeyLengthAttribute} [RFC5930]", $"HMAC_SHA2_{Hash(cipher)}_{8 * cipher.IcvLength} [RFC4868]"),
        _ => null,
    };

    public static (string Encryption, string Integrity)? InEsp(AeadAlgorithm cipher) => cipher.TransformId switch
    {
        AesGcm16 => ("AES-GCM with 16 octet ICV [RFC4106]", "NULL"),
        AesCbc => ("AES-CBC [RFC3602]", $"HMAC-SHA-{Hash(cipher)}-{8 * cipher.IcvLength} [RFC4868]"),
        AesCtr => ("AES-CTR [RFC3686]", $"HMAC-SHA-{Hash(cipher)}-{8 * cipher.IcvLength} [RFC4868]"),
        _ => null,
    };

    /// <summary>HMAC-SHA2 is cut to half its length (RFC 4868 §2).</summary>
    private static int Hash(AeadAlgorithm cipher) => 2 * 8 * cipher.IcvLength;
}
