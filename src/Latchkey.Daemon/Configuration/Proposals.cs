using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;

namespace Latchkey.Daemon.Configuration;

/// <summary>
/// What is offered and accepted: what RFC 8247 (IKE) and RFC 8221 (ESP) call MUST or SHOULD, AEAD only, best first.
/// </summary>
internal static class Proposals
{
    private const ushort AesGcm16 = 20;
    private const ushort ChaCha20Poly1305 = 28;
    private const ushort HmacSha256 = 5;
    private const ushort HmacSha384 = 6;
    private const ushort HmacSha512 = 7;
    private const ushort Modp2048 = 14;
    private const ushort P256 = 19;
    private const ushort P384 = 20;
    private const ushort X25519 = 31;

    /// <summary>The ciphers, best first, by the names that other implementations' configurations have for them.</summary>
    public static OrderedDictionary<string, AeadAlgorithm> CipherNames { get; } = new()
    {
        ["aes256gcm16"] = Aead(AesGcm16, 256),
        ["chacha20poly1305"] = Aead(ChaCha20Poly1305, null),
        ["aes128gcm16"] = Aead(AesGcm16, 128),
    };

    private static IkeProposal Classic { get; } = new(Ciphers, [.. new[] { HmacSha512, HmacSha384, HmacSha256 }.Select(Prf)], KeyExchanges);

    /// <summary>
    /// First with ML-KEM-768 beside the key exchange of the old kind, so that what is recorded today cannot be read by a quantum
    /// computer tomorrow; then without, for peers that know nothing of it (decisions/post-quantum.md).
    /// </summary>
    public static ImmutableArray<IkeProposal> Ike { get; } = [Classic with { AdditionalKeyExchange = [Algorithms.MlKem768] }, Classic];

    /// <summary>
    /// Without a key exchange of their own: a Child SA's keys come from the IKE SA, which itself is rekeyed with a new
    /// exchange, and is shorter-lived than what a key exchange for every Child SA would buy. Peers that insist on one get it.
    /// </summary>
    public static ImmutableArray<EspProposal> Esp { get; } = [new(Ciphers, []), new(Ciphers, KeyExchanges)];

    private static ImmutableArray<AeadAlgorithm> Ciphers => [.. CipherNames.Values];

    private static ImmutableArray<KeyExchangeMethod> KeyExchanges => [.. new[] { X25519, P256, P384, Modp2048 }.Select(KeyExchange)];

    private static AeadAlgorithm Aead(ushort id, int? keyLength) =>
        Algorithms.FindAead(id, keyLength) ?? throw new InvalidOperationException($"encryption algorithm {id} is missing");

    private static PrfAlgorithm Prf(ushort id) => Algorithms.FindPrf(id) ?? throw new InvalidOperationException($"PRF {id} is missing");

    private static KeyExchangeMethod KeyExchange(ushort id) =>
        Algorithms.FindKeyExchange(id) ?? throw new InvalidOperationException($"key exchange method {id} is missing");
}
