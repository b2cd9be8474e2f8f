using Latchkey.Crypto;
using Latchkey.Latching;

namespace Latchkey.Daemon.Reports;

/// <summary><c>GET /connection</c>: everything an application may know of its own connection (RFC 5660 L6 to L9).</summary>
/// <param name="Entry">The protect entry that covers it; absent when none does, and the connection is bypassed.</param>
/// <param name="Latched">Its latch is ESTABLISHED: whatever arrives comes from the peer named here.</param>
public sealed record ConnectionReport(FlowReport Flow, string? Entry, bool Latched)
{
    /// <summary>True: it goes in clear, for life. Absent otherwise.</summary>
    public bool? Clear { get; init; }

    public LatchReport? Latch { get; init; }

    public IdentityReport? Local { get; init; }

    public IdentityReport? Peer { get; init; }

    public AuthenticationReport? Authentication { get; init; }

    public QualityReport? Quality { get; init; }

    public OuterReport? Outer { get; init; }

    public ChannelBindingsReport? ChannelBindings { get; init; }
}

/// <summary>An identity: with BTNS a public key (RFC 5386).</summary>
/// <param name="Key">Fingerprint.</param>
/// <param name="Spki">DER SubjectPublicKeyInfo in base64.</param>
/// <param name="Name">The peer's name in the configuration.</param>
public sealed record IdentityReport(string Key, string Spki, string Algorithm, string? Name)
{
    public static IdentityReport Of(PeerKey key, string? name) =>
        new(key.Fingerprint.ToString(), Convert.ToBase64String(key.SubjectPublicKeyInfo), key.Algorithm, name);
}

/// <summary>How the peer proved its key, and why that was enough (RFC 5660 L7).</summary>
/// <param name="Method">Of the AUTH payload.</param>
/// <param name="Trust">How the key was let in: <c>known</c>, <c>pinned</c>, <c>first-use</c> or <c>anyone</c>, as peers show it.</param>
/// <param name="At">UTC; absent when it was before the daemon's last start.</param>
public sealed record AuthenticationReport(string Method, string Trust, DateTime? At);

/// <summary>How well the connection is protected; for life.</summary>
/// <param name="Narrow">A Child SA covers this connection and nothing else.</param>
public sealed record QualityReport(string Protection, string Mode, string Suite, int KeyBits, bool Esn, bool Narrow)
{
    public static QualityReport Of(ChannelParameters parameters, bool narrow) => new(
        parameters.Protection == ProtectionType.ConfidentialityAndIntegrity ? "confidentiality and integrity" : "integrity",
        parameters.Mode.ToString().ToLowerInvariant(),
        parameters.Quality.ToString(),
        parameters.Quality.Encryption.KeyLength * 8,
        parameters.Quality.Esn,
        narrow);
}

/// <summary>Where protected packets go and come from, as this host sees it (RFC 5660 L8).</summary>
/// <param name="Local">Address and port of this host.</param>
/// <param name="Remote">Address and port of the peer, or of the NAT in front of it.</param>
/// <param name="Encapsulation">esp (protocol 50) or udp.</param>
/// <param name="Nat">Where a NAT changes addresses: here, there or both; absent when there is none.</param>
/// <param name="PeerPrivateAddress">The peer's own address behind its NAT, as it says.</param>
public sealed record OuterReport(string Local, string Remote, string Encapsulation, string? Nat, string? PeerPrivateAddress);

/// <summary>Channel bindings in base64 (docs/channel-bindings.md).</summary>
public sealed record ChannelBindingsReport(string EndPoint, string Unique);

/// <summary><c>GET /listener</c>: the latch of a listening socket.</summary>
public sealed record ListenerReport(LatchReport Listener);
