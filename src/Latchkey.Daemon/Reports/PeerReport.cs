using Latchkey.Crypto;

namespace Latchkey.Daemon.Reports;

/// <summary><c>latchkey peers --json</c>, <c>GET /peers</c>.</summary>
/// <param name="Pins">Addresses that belong to one key, connected or not.</param>
public sealed record PeersReport(IReadOnlyList<PeerReport> Peers, IReadOnlyList<PinReport> Pins);

/// <summary>A peer that authenticated.</summary>
/// <param name="Key">Fingerprint.</param>
/// <param name="Trust">How it was let in: <c>known</c>, <c>pinned</c>, <c>first-use</c> or <c>anyone</c>.</param>
/// <param name="Algorithm">Of its key, for example <c>Ed25519</c>.</param>
/// <param name="LastHeard">When something valid last came from it, UTC.</param>
public sealed record PeerReport(
    string Key, string? Name, string Trust, string Algorithm, IReadOnlyList<string> Addresses, int IkeSas, int ChildSas, int Latches, DateTime LastHeard)
{
    /// <summary>When it must have proved itself anew under the first of its IKE SAs, UTC; absent: never.</summary>
    public DateTime? ProofUntil { get; init; }
}

/// <summary><c>latchkey fingerprint --json</c>, <c>GET /fingerprint</c>.</summary>
/// <param name="Name">The peer's name in the configuration; absent for this host's own key.</param>
/// <param name="Words">The same fingerprint in words for the telephone, line by line.</param>
public sealed record FingerprintReport(string? Name, string Fingerprint, IReadOnlyList<string> Words)
{
    public static FingerprintReport Of(string? name, KeyFingerprint key) => new(name, key.ToString(), FingerprintWords.Lines(key));
}
