namespace Latchkey.Crypto;

/// <summary>A published packet of an AEAD, for <see cref="AeadSelfTest"/>.</summary>
/// <param name="KeyMaterial">Key and salt.</param>
internal sealed record KnownAnswer(
    AeadAlgorithm Algorithm, string Source, byte[] KeyMaterial, byte[] Iv, byte[] AssociatedData, byte[] Plaintext, byte[] Ciphertext, byte[] Icv)
{
    public static IReadOnlyList<KnownAnswer> All { get; } =
    [
        From(
            Algorithms.FindAead(20, 128)!,
            "NIST CAVP gcmEncryptExtIV128",
            "fe47fcce5fc32665d2ae399e4eec72ba" + "5adb9609",
            "dbaeb58cbd6e7275",
            "88319d6e1d3ffa5f987199166c8a9b56c2aeba5a",
            "7c0e88c88899a779228465074797cd4c2e1498d259b54390b85e3eef1c02df60e743f1b840382c4bccaf3bafb4ca8429bea063",
            "98f4826f05a265e6dd2be82db241c0fbbbf9ffb1c173aa83964b7cf5393043736365253ddbc5db8778371495da76d269e5db3e",
            "291ef1982e4defedaa2249f898556b47"),
        From(
            Algorithms.FindAead(20, 256)!,
            "NIST CAVP gcmEncryptExtIV256",
            "24501ad384e473963d476edcfe08205237acfd49b5b8f33857f8114e863fec7f" + "9ff18563",
            "b978ec281b3f2794",
            "adb5ec720ccf9898500028bf34afccbcaca126ef",
            "27f348f9cdc0c5bd5e66b1ccb63ad920ff2219d14e8d631b3872265cf117ee86757accb158bd9abb3868fdc0d0b074b5f01b2c",
            "eb7cb754c824e8d96f7c6d9b76c7d26fb874ffbf1d65c6f64a698d839b0b06145dae82057ad55994cf59ad7f67c0fa5e85fab8",
            "bc95c532fecc594c36d1550286a7a3f0"),
        From(
            Algorithms.FindAead(28, null)!,
            "RFC 7634 appendix A",
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f" + "a0a1a2a3",
            "1011121314151617",
            "0102030400000005",
            "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" +
            "202122232425262728292a2b2c2d2e2f303132333435363701020204",
            "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2fac" +
            "c638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0",
            "76aaa8266b7fb0f7b11b369907e1ad43"),
    ];

    public override string ToString() => $"the {Algorithm} packet of {Source}";

    private static KnownAnswer From(
        AeadAlgorithm algorithm, string source, string keyMaterial, string iv, string associatedData, string plaintext, string ciphertext, string icv) => new(
        algorithm, source, Convert.FromHexString(keyMaterial), Convert.FromHexString(iv), Convert.FromHexString(associatedData), Convert.FromHexString(plaintext), Convert.FromHexString(ciphertext), Convert.FromHexString(icv));
}
