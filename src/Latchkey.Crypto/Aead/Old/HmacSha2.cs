using System.Security.Cryptography;

namespace Latchkey.Crypto;

/// <summary>An integrity algorithm of transform type 3: HMAC with SHA-2, cut to half its length (RFC 4868 §2).</summary>
internal sealed record HmacSha2(ushort TransformId, string Name, string Keyword, HashAlgorithmName Hash, int KeyLength)
{
    public static IReadOnlyList<HmacSha2> All { get; } =
    [
        new(12, "HMAC-SHA2-256-128", "sha256", HashAlgorithmName.SHA256, 32),
        new(13, "HMAC-SHA2-384-192", "sha384", HashAlgorithmName.SHA384, 48),
        new(14, "HMAC-SHA2-512-256", "sha512", HashAlgorithmName.SHA512, 64),
    ];

    public int IcvLength => KeyLength / 2;
}
