using Latchkey.Wire;

namespace Latchkey.Daemon.Reports;

/// <summary><c>latchkey latches --json</c>, <c>GET /latches</c>.</summary>
public sealed record LatchesReport(IReadOnlyList<LatchReport> Latches)
{
    /// <summary>Flows that go in clear and have no latch (<c>clear = "until-ipsec"</c>).</summary>
    public IReadOnlyList<ClearFlowReport> ClearFlows { get; init; } = [];
}

/// <summary>A flow that goes in clear for as long as its socket lives.</summary>
/// <param name="Entry">The protect entry that allows it.</param>
/// <param name="Since">When it was let go in clear, or when a later daemon found it so, UTC.</param>
public sealed record ClearFlowReport(FlowReport Flow, string Entry, DateTime Since);

/// <summary>One latch (RFC 5660 §2.3 INQUIRE_LATCH).</summary>
/// <param name="State">LARVAL, LISTENER, ESTABLISHED, BROKEN or CLOSED.</param>
/// <param name="Entry">The protect entry that covers the flow.</param>
/// <param name="PeerKey">Fingerprint of the key the flow is tied to.</param>
/// <param name="PeerName">The peer's name in the configuration, when it is known.</param>
/// <param name="Disposition">What its owner is told when it breaks: wait, close or failover.</param>
/// <param name="Reason">Why it is BROKEN or CLOSED.</param>
/// <param name="Since">When it entered its state, UTC.</param>
public sealed record LatchReport(
    uint Id,
    string State,
    FlowReport Flow,
    string Entry,
    string? PeerKey,
    string? PeerName,
    string? LocalKey,
    uint? Channel,
    string? Protection,
    string? Mode,
    string Disposition,
    string? Reason,
    DateTime Since)
{
    /// <summary>True when the policy in force says something else and the latch keeps the one it had; otherwise absent.</summary>
    public bool? KeepsPolicy { get; init; }

    /// <summary>True when this host forwards the flow, so that no socket here is its owner; otherwise absent.</summary>
    public bool? Forwarded { get; init; }

    /// <summary>Whose socket it is; absent when there is none any more.</summary>
    public OwnerReport? Owner { get; init; }
}

/// <summary>The owner of a latch (RFC 5660 §2.2): a socket, and the process that holds it.</summary>
/// <param name="Pid">The first process that holds the socket; absent when none could be found.</param>
/// <param name="Command">Its name.</param>
/// <param name="Uid">The user whose socket it is.</param>
/// <param name="Inode">The socket's number: <c>socket:[N]</c> in /proc/PID/fd.</param>
public sealed record OwnerReport(int? Pid, string? Command, uint Uid, uint Inode);

/// <summary>A 5-tuple seen from this host.</summary>
public sealed record FlowReport(string Protocol, string Local, ushort LocalPort, string Remote, ushort RemotePort)
{
    public static FlowReport From(FlowKey flow) =>
        new(ProtocolName(flow.Protocol), flow.Local.ToString(), flow.LocalPort, flow.Remote.ToString(), flow.RemotePort);

    public FlowKey ToKey() => new(Enum.Parse<IpProtocol>(Protocol, ignoreCase: true), InetAddress.Parse(Local), LocalPort, InetAddress.Parse(Remote), RemotePort);

    public override string ToString() => $"{Protocol} {Endpoint(Local, LocalPort)} <-> {Endpoint(Remote, RemotePort)}";

    private static string Endpoint(string address, ushort port) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}" : $"{address}:{port}";

    private static string ProtocolName(IpProtocol protocol) => protocol.ToString().ToLowerInvariant();
}

/// <summary>What became of <c>latchkey close LATCH</c>, <c>POST /latches/{id}/close</c>.</summary>
public sealed record ClosedReport(uint Id, bool Closed);
