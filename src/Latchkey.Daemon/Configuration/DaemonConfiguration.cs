using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;

namespace Latchkey.Daemon.Configuration;

/// <summary>A configuration file that was understood completely.</summary>
/// <param name="File">Where it was read from.</param>
public sealed record DaemonConfiguration(string File, DaemonSettings Settings, SecurityPolicy Policy)
{
    /// <summary>How known peers and this host prove themselves, by the peers' names; bare public keys when a peer is not in it.</summary>
    public ImmutableDictionary<string, PeerCredentials> Credentials { get; init; } = ImmutableDictionary<string, PeerCredentials>.Empty;

    public const string DefaultFile = "/etc/latchkey/latchkey.toml";

    public const string DefaultControl = "/run/latchkey/control.sock";
}

/// <summary>What the daemon needs beside policy; every path is absolute.</summary>
public sealed record DaemonSettings
{
    /// <summary>The Unix socket of the control API.</summary>
    public string Control { get; init; } = DaemonConfiguration.DefaultControl;

    /// <summary>What survives a reboot: the identity key, the birth certificate, the secrets of crash detection.</summary>
    public string StateDirectory { get; init; } = "/var/lib/latchkey";

    /// <summary>What must not survive a reboot.</summary>
    public string RuntimeDirectory { get; init; } = "/run/latchkey";

    /// <summary>This host's private key; made on first start.</summary>
    public string KeyFile { get; init; } = "/var/lib/latchkey/identity.pem";

    /// <summary>This host's certificate for that key and what leads to its authority; null: it has none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>An IKE SA is rekeyed, with a new key exchange, after this time.</summary>
    public TimeSpan IkeLifetime { get; init; } = TimeSpan.FromHours(4);

    /// <summary>A Child SA is rekeyed after this time.</summary>
    public TimeSpan ChildLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A peer proves itself anew within this time, or is cut off; null: it need not.</summary>
    public TimeSpan? AuthenticationLifetime { get; init; }

    /// <summary>A peer that answers nothing for this long is given up.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(95);

    /// <summary>What protects IKE messages, best first.</summary>
    public ImmutableArray<AeadAlgorithm> IkeCiphers { get; init; } = Proposals.Ciphers;

    /// <summary>The first key exchange of an IKE SA, best first; Child SAs get one of these where a peer insists.</summary>
    public ImmutableArray<KeyExchangeMethod> KeyExchanges { get; init; } = Proposals.KeyExchanges;

    /// <summary>The second key exchange of an IKE SA, best first; empty: none.</summary>
    public ImmutableArray<KeyExchangeMethod> PostQuantum { get; init; } = Proposals.PostQuantum;

    /// <summary>Use 64-bit sequence numbers in ESP; off only where a dissector that does not know them is to verify it.</summary>
    public bool Esn { get; init; } = true;

    /// <summary>Send and believe the tokens of RFC 6290.</summary>
    public bool QuickCrashDetection { get; init; } = true;

    /// <summary>Show peers which life of this host speaks; off, they take it for one of another implementation.</summary>
    public bool BirthCertificates { get; init; } = true;

    /// <summary>INITIAL_CONTACT of a peer that shows no birth certificate breaks the latches to it.</summary>
    public bool BreakOnForeignInitialContact { get; init; } = true;

    /// <summary>Where keys are written for a foreign dissector; null (the default) writes none.</summary>
    public string? KeyExportDirectory { get; init; }
}
