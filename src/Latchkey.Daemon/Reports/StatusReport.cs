namespace Latchkey.Daemon.Reports;

/// <summary>The daemon as a whole: <c>latchkey status --json</c>, <c>GET /status</c>.</summary>
/// <param name="Pid">The daemon's process.</param>
/// <param name="Started">UTC.</param>
/// <param name="Config">The configuration file it was started with.</param>
/// <param name="Datapath">Who carries the packets: <c>user</c>.</param>
/// <param name="KeyExport">Where keys are written for a foreign dissector; absent when they are not, as it should be.</param>
/// <param name="Protect">Names of the protect entries, in order.</param>
/// <param name="Latches">Latches by state; states without latches are absent.</param>
/// <param name="Drops">Packets dropped by reason; reasons that never occurred are absent.</param>
/// <param name="IkeDrops">IKE datagrams dropped by reason.</param>
/// <param name="Overload">Messages that found the engine's queue full; more than 0 means that the host was flooded.</param>
/// <param name="Degraded">What works less well than it could on this host, one sentence each.</param>
public sealed record StatusReport(
    string Version,
    int Pid,
    DateTime Started,
    string Config,
    string Fingerprint,
    string Datapath,
    string? KeyExport,
    IReadOnlyList<string> Protect,
    int KnownPeers,
    int Peers,
    int IkeSas,
    int ChildSas,
    IReadOnlyDictionary<string, int> Latches,
    IReadOnlyDictionary<string, long> Drops,
    IReadOnlyDictionary<string, long> IkeDrops,
    long Overload,
    IReadOnlyList<string> Degraded)
{
    /// <summary>Flows that go in clear (<c>clear = "until-ipsec"</c>).</summary>
    public int ClearFlows { get; init; }

    /// <summary>Hosts that have spoken IPsec, and are never reached in clear again.</summary>
    public int IpsecHosts { get; init; }

    /// <summary>When the first of the peers must have proved itself anew, UTC; absent: none has to.</summary>
    public DateTime? ProofUntil { get; init; }

    /// <summary>The entries in tunnel mode.</summary>
    public IReadOnlyList<TunnelReport> Tunnels { get; init; } = [];

    /// <summary>Who computes the ciphers of ESP and IKE.</summary>
    public required CiphersReport Ciphers { get; init; }

    /// <summary>What the process uses.</summary>
    public required MemoryReport Memory { get; init; }

    /// <summary>Why no further flow goes in clear, whatever the configuration says; absent when it may.</summary>
    public string? ClearSuspended { get; init; }
}
