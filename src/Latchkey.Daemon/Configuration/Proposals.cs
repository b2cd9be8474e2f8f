using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;

namespace Latchkey.Daemon.Configuration;

/// <summary>
/// What is offered and accepted: what RFC 8247 (IKE) and RFC 8221 (ESP) call MUST or SHOULD, combined modes only, best first; and what
/// can be named beside it for old peers.
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
    public static OrderedDictionary<string, AeadAlgorithm> CipherNames { get; } =
        new(new[] { Aead(AesGcm16, 256), Aead(ChaCha20Poly1305, null), Aead(AesGcm16, 128) }.Select(cipher => KeyValuePair.Create(cipher.Keyword, cipher)));

    /// <summary>What a list of ciphers may name: those that are there without being named, and those for old peers, which are not.</summary>
    public static OrderedDictionary<string, AeadAlgorithm> AllCipherNames { get; } =
        new(CipherNames.Values.Concat(Algorithms.OldCiphers).Select(cipher => KeyValuePair.Create(cipher.Keyword, cipher)));

    /// <summary>Unless the configuration says otherwise.</summary>
    public static ImmutableArray<AeadAlgorithm> Ciphers { get; } = [.. CipherNames.Values];

    /// <summary>Key exchanges of the old kind, best first.</summary>
    public static OrderedDictionary<string, KeyExchangeMethod> KeyExchangeNames { get; } = Named(new[] { X25519, P256, P384, Modp2048 }.Select(KeyExchange));

    /// <summary>What withstands quantum computers, and stands beside one of the old kind.</summary>
    public static OrderedDictionary<string, KeyExchangeMethod> PostQuantumNames { get; } = Named([Algorithms.MlKem768, Algorithms.MlKem1024]);

    /// <inheritdoc cref="Ciphers"/>
    public static ImmutableArray<KeyExchangeMethod> KeyExchanges { get; } = [.. KeyExchangeNames.Values];

    /// <inheritdoc cref="Ciphers"/>
    public static ImmutableArray<KeyExchangeMethod> PostQuantum { get; } = [Algorithms.MlKem768];

    /// <summary>
    /// First with ML-KEM beside the key exchange of the old kind, so that what is recorded today cannot be read by a quantum
    /// computer tomorrow; then without, for peers that know nothing of it (decisions/post-quantum.md).
    /// </summary>
    public static ImmutableArray<IkeProposal> Ike(DaemonSettings settings)
    {
        ImmutableArray<PrfAlgorithm> prfs = [.. new[] { HmacSha512, HmacSha384, HmacSha256 }.Select(Prf)];
        var classic = CipherGroups.Of(settings.IkeCiphers).Select(group => new IkeProposal(group, prfs, settings.KeyExchanges)).ToList();
        return settings.PostQuantum.IsEmpty ? [.. classic] : [.. classic.Select(p => p with { AdditionalKeyExchange = settings.PostQuantum }), .. classic];
    }

    /// <summary>
    /// Without a key exchange of their own: a Child SA's keys come from the IKE SA, which itself is rekeyed with a new
    /// exchange, and is shorter-lived than what a key exchange for every Child SA would buy. Peers that insist on one get it.
    /// </summary>
    public static ImmutableArray<EspProposal> Esp(DaemonSettings settings) => [new(Ciphers, []), new(Ciphers, settings.KeyExchanges)];

    private static AeadAlgorithm Aead(ushort id, int? keyLength) =>
        Algorithms.FindAead(id, keyLength) ?? throw new InvalidOperationException($"encryption algorithm {id} is missing");

    private static PrfAlgorithm Prf(ushort id) => Algorithms.FindPrf(id) ?? throw new InvalidOperationException($"PRF {id} is missing");

    private static KeyExchangeMethod KeyExchange(ushort id) =>
        Algorithms.FindKeyExchange(id) ?? throw new InvalidOperationException($"key exchange method {id} is missing");

    private static OrderedDictionary<string, KeyExchangeMethod> Named(IEnumerable<KeyExchangeMethod> methods) => new(methods.Select(m => KeyValuePair.Create(m.Keyword, m)));
}
