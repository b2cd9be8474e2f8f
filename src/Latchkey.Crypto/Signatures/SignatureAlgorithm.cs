using System.Security.Cryptography;

namespace Latchkey.Crypto;

// Signatures of the AUTH payload (RFC 7427). The hash id is what SIGNATURE_HASH_ALGORITHMS announces.
//
//   key          hash ids             AlgorithmIdentifier                      signature
//   Ed25519      5 (Identity)         RFC 8410 §3 (in IKE: RFC 8420)           64 octets
//   ECDSA        2, 3, 4 (SHA2)       RFC 7427 A.3, without parameters         DER ECDSA-Sig-Value
//   RSA          2, 3, 4 (SHA2)       RFC 7427 A.4, RSASSA-PSS, salt as hash   as long as the modulus
//   RSA, read    2, 3, 4 (SHA2)       RFC 7427 A.1, RSASSA-PKCS1-v1_5          as long as the modulus

/// <summary>One way to sign: a hash and the AlgorithmIdentifier that names it together with the key's type.</summary>
/// <param name="identifiers">DER; the first is the one we write, all are accepted.</param>
/// <remarks>An AlgorithmIdentifier is recognised by its octets and never parsed: whatever differs is refused.</remarks>
internal sealed class SignatureAlgorithm(ushort hashId, HashAlgorithmName hash, params string[] identifiers)
{
    private readonly byte[][] _identifiers = [.. identifiers.Select(Convert.FromHexString)];

    public static IReadOnlyList<SignatureAlgorithm> Ed25519 { get; } = [new(5, default, "300506032b6570")];

    public static IReadOnlyList<SignatureAlgorithm> Ecdsa { get; } =
    [
        new(2, HashAlgorithmName.SHA256, "300a06082a8648ce3d040302"),
        new(3, HashAlgorithmName.SHA384, "300a06082a8648ce3d040303"),
        new(4, HashAlgorithmName.SHA512, "300a06082a8648ce3d040304"),
    ];

    public static IReadOnlyList<SignatureAlgorithm> RsaPss { get; } =
    [
        new(2, HashAlgorithmName.SHA256, PssIdentifiers(hashOid: "608648016503040201", saltLength: "20")),
        new(3, HashAlgorithmName.SHA384, PssIdentifiers(hashOid: "608648016503040202", saltLength: "30")),
        new(4, HashAlgorithmName.SHA512, PssIdentifiers(hashOid: "608648016503040203", saltLength: "40")),
    ];

    /// <summary>Verified and never made: what most peers sign with by default (RFC 8247 §3.2).</summary>
    public static IReadOnlyList<SignatureAlgorithm> RsaPkcs1 { get; } =
    [
        new(2, HashAlgorithmName.SHA256, "300d06092a864886f70d01010b0500"),
        new(3, HashAlgorithmName.SHA384, "300d06092a864886f70d01010c0500"),
        new(4, HashAlgorithmName.SHA512, "300d06092a864886f70d01010d0500"),
    ];

    public ushort HashId => hashId;

    public HashAlgorithmName Hash => hash;

    public byte[] Identifier => [.. _identifiers[0]];

    public bool IsNamedBy(ReadOnlySpan<byte> algorithmIdentifier)
    {
        foreach (var identifier in _identifiers)
        {
            if (algorithmIdentifier.SequenceEqual(identifier))
            {
                return true;
            }
        }

        return false;
    }

    // id-RSASSA-PSS { [0] hash, [1] id-mgf1 with the same hash, [2] salt length, [3] trailer DEFAULT 1 }. Signers must
    // leave the trailer out and verifiers take both forms (RFC 4055 §3.1); the example of RFC 7427 A.4.3 writes it out.
    private static string[] PssIdentifiers(string hashOid, string saltLength)
    {
        var hash = $"300d0609{hashOid}0500";
        var parameters = $"a00f{hash}a11c301a06092a864886f70d010108{hash}a2030201{saltLength}";
        return [$"304106092a864886f70d01010a3034{parameters}", $"304606092a864886f70d01010a3039{parameters}a303020101"];
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
