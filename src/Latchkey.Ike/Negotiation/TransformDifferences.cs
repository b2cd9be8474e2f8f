using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Puts what was offered beside what is configured, per transform type, in names people know.</summary>
internal static class TransformDifferences
{
    public const string KeyExchange = "key exchange";

    /// <summary>Our own offer, when the peer does not tell what it is configured with.</summary>
    public static ImmutableArray<Difference> Of(SaPayload offered) =>
        [.. Types(offered).Select(type => new Difference(NameOf(type), Choices(offered, type), []))];

    /// <summary>The types of which the two have nothing in common. Where each has something, whole proposals are shown.</summary>
    public static ImmutableArray<Difference> Of(SaPayload offered, SaPayload configured)
    {
        ImmutableArray<Difference> failed = [.. Failed(offered, configured).Select(type => new Difference(NameOf(type), Choices(offered, type), Choices(configured, type)))];
        return failed.IsEmpty ? [new Difference("combination", Texts(offered), Texts(configured))] : failed;
    }

    public static IEnumerable<TransformType> Failed(SaPayload offered, SaPayload configured) =>
        Types(offered, configured).Where(type => !Choices(offered, type).Any(Choices(configured, type).Contains));

    private static IEnumerable<TransformType> Types(params IEnumerable<SaPayload> offers) =>
        offers.SelectMany(offer => offer.Proposals).SelectMany(p => p.Transforms).Select(t => t.Type).Distinct().Order();

    private static ImmutableArray<string> Texts(SaPayload offer) => [.. offer.Proposals.Select(p => string.Join('/', p.Transforms.Select(NameOf)))];

    /// <summary>A proposal without the type is one that does without (RFC 7296 §3.3.6).</summary>
    private static ImmutableArray<string> Choices(SaPayload offer, TransformType type) =>
        [.. offer.Proposals.SelectMany(p => p.Transforms.Where(t => t.Type == type).Select(NameOf).DefaultIfEmpty("none")).Distinct()];

    private static string NameOf(TransformType type) => type switch
    {
        TransformType.Encryption => "encryption",
        TransformType.Prf => "prf",
        TransformType.Integrity => "integrity",
        TransformType.KeyExchange => KeyExchange,
        TransformType.ExtendedSequenceNumbers => "sequence numbers",
        TransformType.AdditionalKeyExchange1 => "additional key exchange",
        _ => $"transform type {(byte)type}",
    };

    private static string NameOf(Transform transform) => transform.Type switch
    {
        TransformType.Encryption when Algorithms.FindAead(transform.Id, transform.KeyLength) is { } aead => aead.Name,
        TransformType.Encryption => EncryptionName(transform.Id) + (transform.KeyLength is { } bits ? $"-{bits}" : ""),
        TransformType.Prf => Algorithms.FindPrf(transform.Id)?.Name ?? PrfName(transform.Id),
        TransformType.Integrity => IntegrityName(transform.Id),
        TransformType.KeyExchange or TransformType.AdditionalKeyExchange1 => KeyExchangeName(transform.Id),
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

    public static string KeyExchangeName(ushort id) => Algorithms.FindKeyExchange(id)?.Name ?? id switch
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
