using System.Security.Cryptography;

namespace Latchkey.Crypto;

// Signatures of the AUTH payload (RFC 7427). The hash id is what SIGNATURE_HASH_ALGORITHMS announces.
//
//   key          hash ids             AlgorithmIdentifier                      signature
//   Ed25519      5 (Identity)         RFC 8410 §3 (in IKE: RFC 8420)           64 octets
//   ECDSA P-256  2, 3, 4 (SHA2)       RFC 7427 A.3, without parameters         DER ECDSA-Sig-Value
//   RSA          2, 3, 4 (SHA2)       RFC 7427 A.4, RSASSA-PSS, salt as hash   as long as the modulus

/// <summary>One way to sign: a hash and the AlgorithmIdentifier that names it together with the key's type.</summary>
/// <remarks>
/// DER has one spelling for one value, so an AlgorithmIdentifier is recognised by its octets and never parsed:
/// whatever differs is refused.
/// </remarks>
internal sealed class SignatureAlgorithm(ushort hashId, HashAlgorithmName hash, string algorithmIdentifier)
{
    private readonly byte[] _identifier = Convert.FromHexString(algorithmIdentifier);

    public static IReadOnlyList<SignatureAlgorithm> Ed25519 { get; } = [new(5, default, "300506032b6570")];

    public static IReadOnlyList<SignatureAlgorithm> Ecdsa { get; } =
    [
        new(2, HashAlgorithmName.SHA256, "300a06082a8648ce3d040302"),
        new(3, HashAlgorithmName.SHA384, "300a06082a8648ce3d040303"),
        new(4, HashAlgorithmName.SHA512, "300a06082a8648ce3d040304"),
    ];

    public static IReadOnlyList<SignatureAlgorithm> RsaPss { get; } =
    [
        new(2, HashAlgorithmName.SHA256, PssIdentifier(hashOid: "608648016503040201", saltLength: "20")),
        new(3, HashAlgorithmName.SHA384, PssIdentifier(hashOid: "608648016503040202", saltLength: "30")),
        new(4, HashAlgorithmName.SHA512, PssIdentifier(hashOid: "608648016503040203", saltLength: "40")),
    ];

    public ushort HashId => hashId;

    public HashAlgorithmName Hash => hash;

    public byte[] Identifier => [.. _identifier];

    public bool IsNamedBy(ReadOnlySpan<byte> algorithmIdentifier) => algorithmIdentifier.SequenceEqual(_identifier);

    // id-RSASSA-PSS { [0] hash, [1] id-mgf1 with the same hash, [2] salt length }; the trailer is the default, so absent.
    private static string PssIdentifier(string hashOid, string saltLength)
    {
        var hash = $"300d0609{hashOid}0500";
        return $"304106092a864886f70d01010a3034a00f{hash}a11c301a06092a864886f70d010108{hash}a2030201{saltLength}";
    }
}

/// <summary>Choosing among the ways to sign that one type of key has.</summary>
internal static class SignatureAlgorithmChoice
{
    public static SignatureAlgorithm? NamedBy(this IReadOnlyList<SignatureAlgorithm> algorithms, ReadOnlySpan<byte> algorithmIdentifier)
    {
        foreach (var algorithm in algorithms)
        {
            if (algorithm.IsNamedBy(algorithmIdentifier))
            {
                return algorithm;
            }
        }

        return null;
    }

    /// <summary>The best one whose hash the peer announced.</summary>
    public static SignatureAlgorithm? FirstKnownTo(this IReadOnlyList<SignatureAlgorithm> algorithms, IReadOnlyCollection<ushort> peerHashes) =>
        algorithms.FirstOrDefault(a => peerHashes.Contains(a.HashId));
}
