using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Puts what was offered beside what is configured, per transform type, in names people know.</summary>
internal static class TransformDifferences
{
    /// <param name="configured">Empty when it is the peer's configuration, which nobody told us.</param>
    public static ImmutableArray<TransformDifference> Of(SaPayload offered, ImmutableArray<Transform> configured)
    {
        var theirs = offered.Proposals.SelectMany(p => p.Transforms).ToList();
        return
        [
            .. theirs.Concat(configured).Select(t => t.Type).Distinct().Order()
                .Select(type => new TransformDifference(NameOf(type), Names(theirs, type), Names(configured, type)))
                .Where(difference => configured.IsEmpty || !difference.Offered.Any(difference.Configured.Contains)),
        ];
    }

    private static ImmutableArray<string> Names(IEnumerable<Transform> transforms, TransformType type) =>
        [.. transforms.Where(t => t.Type == type).Select(NameOf).Distinct()];

    private static string NameOf(TransformType type) => type switch
    {
        TransformType.Encryption => "encryption",
        TransformType.Prf => "prf",
        TransformType.Integrity => "integrity",
        TransformType.KeyExchange => "key exchange",
        TransformType.ExtendedSequenceNumbers => "sequence numbers",
        _ => $"transform type {(byte)type}",
    };

    private static string NameOf(Transform transform) => transform.Type switch
    {
        TransformType.Encryption when Algorithms.FindAead(transform.Id, transform.KeyLength) is { } aead => aead.Name,
        TransformType.Encryption => EncryptionName(transform.Id) + (transform.KeyLength is { } bits ? $"-{bits}" : ""),
        TransformType.Prf => Algorithms.FindPrf(transform.Id)?.Name ?? PrfName(transform.Id),
        TransformType.Integrity => IntegrityName(transform.Id),
        TransformType.KeyExchange => Algorithms.FindKeyExchange(transform.Id)?.Name ?? KeyExchangeName(transform.Id),
        TransformType.ExtendedSequenceNumbers => transform.Id == 0 ? "32-bit" : "ESN",
        _ => transform.Id.ToString(),
    };

    // Algorithms others offer and we do not have, by their registry's names.
    private static string EncryptionName(ushort id) => id switch
    {
        3 => "3DES",
        11 => "NULL",
        12 => "AES-CBC",
        13 => "AES-CTR",
        14 => "AES-CCM-8",
        15 => "AES-CCM-12",
        16 => "AES-CCM-16",
        18 => "AES-GCM-8",
        19 => "AES-GCM-12",
        20 => "AES-GCM-16",
        28 => "ChaCha20-Poly1305",
        _ => $"encryption {id}",
    };

    private static string PrfName(ushort id) => id switch
    {
        1 => "HMAC-MD5",
        2 => "HMAC-SHA1",
        4 => "AES128-XCBC",
        8 => "AES128-CMAC",
        _ => $"prf {id}",
    };

    private static string IntegrityName(ushort id) => id switch
    {
        0 => "none",
        2 => "HMAC-SHA1-96",
        5 => "AES-XCBC-96",
        8 => "AES-CMAC-96",
        12 => "HMAC-SHA2-256-128",
        13 => "HMAC-SHA2-384-192",
        14 => "HMAC-SHA2-512-256",
        _ => $"integrity {id}",
    };

    private static string KeyExchangeName(ushort id) => id switch
    {
        0 => "none",
        2 => "MODP-1024",
        5 => "MODP-1536",
        14 => "MODP-2048",
        15 => "MODP-3072",
        16 => "MODP-4096",
        17 => "MODP-6144",
        18 => "MODP-8192",
        19 => "ECP-256",
        20 => "ECP-384",
        21 => "ECP-521",
        32 => "X448",
        35 => "ML-KEM-512",
        36 => "ML-KEM-768",
        37 => "ML-KEM-1024",
        _ => $"key exchange {id}",
    };
}
