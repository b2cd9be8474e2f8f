namespace Latchkey.Daemon.Reports;

/// <summary><c>latchkey sas --json</c>, <c>GET /sas</c>.</summary>
public sealed record SasReport(IReadOnlyList<IkeSaReport> IkeSas);

/// <summary>An IKE SA with its Child SAs.</summary>
/// <param name="Initiated">This host began it.</param>
/// <param name="Local">Address and port of IKE on this host.</param>
/// <param name="Nat">Where a NAT changes addresses: here, there or both; absent when there is none.</param>
/// <param name="PeerPrivateAddress">The peer's own address behind its NAT; absent when it has none or did not name it.</param>
/// <param name="Suite">What was negotiated; absent while it is being set up.</param>
/// <param name="SpiI">The original initiator's SPI, 16 hex digits.</param>
public sealed record IkeSaReport(
    string Id, string State, bool Initiated, string Local, string Remote, string? Nat, string? PeerPrivateAddress, string? PeerKey, string? Suite, string SpiI, string SpiR, DateTime Since,
    IReadOnlyList<ChildSaReport> Children)
{
    /// <summary>When it ends unless the peer has proved itself anew, UTC; absent: never for that.</summary>
    public DateTime? ProofUntil { get; init; }

    /// <summary>When the peer ends it unless this host has proved itself anew, as the peer told (AUTH_LIFETIME), UTC; absent: never for that.</summary>
    public DateTime? OwnProofUntil { get; init; }
}

/// <summary>A pair of ESP SAs.</summary>
/// <param name="Channel">The channel whose member it is for life.</param>
/// <param name="InboundSpi">0x and eight hex digits, as tcpdump and tshark show it.</param>
/// <param name="Encapsulation">esp (protocol 50) or udp (port 4500).</param>
public sealed record ChildSaReport(
    string Id, uint Channel, string InboundSpi, string OutboundSpi, string Suite, string Selectors, string Encapsulation, DateTime Since);
