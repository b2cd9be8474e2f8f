using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>Which of the host's traffic is protected: one selector of a PROTECT entry, seen from this host.</summary>
/// <param name="Local">Our addresses; null is any.</param>
/// <param name="Remote">The peers' addresses; null is any. Where both are null the selector holds for both families.</param>
/// <param name="Protocol">Null is any; with ports it then means TCP, UDP and SCTP.</param>
/// <param name="MayBeClear">Single flows of it may be let go in clear (<see cref="ClearPath"/>). For TCP and UDP.</param>
public sealed record ProtectedSelector(
    InetPrefix? Local, InetPrefix? Remote, IpProtocol? Protocol, PortSpan LocalPorts, PortSpan RemotePorts, bool MayBeClear = false)
{
    /// <summary>
    /// The outer addresses of a tunnel; then both <see cref="Local"/> and <see cref="Remote"/> are set, and the host needs no
    /// other way to them. Null in transport mode.
    /// </summary>
    public AddressPair? Tunnel { get; init; }

    /// <summary>What this host forwards between the addresses of a tunnel goes through it too; otherwise it is dropped.</summary>
    public bool IsForwarded { get; init; }

    /// <summary>Exactly one flow.</summary>
    public static ProtectedSelector Of(FlowKey flow) => new(
        InetPrefix.Of(flow.Local), InetPrefix.Of(flow.Remote), flow.Protocol, PortSpan.One(flow.LocalPort), PortSpan.One(flow.RemotePort));

    public bool Covers(FlowKey flow) =>
        (Protocol is not { } protocol || protocol == flow.Protocol)
        && (Local?.Contains(flow.Local) ?? true) && (Remote?.Contains(flow.Remote) ?? true)
        && LocalPorts.Contains(flow.LocalPort) && RemotePorts.Contains(flow.RemotePort);

    internal bool HasPorts => !LocalPorts.IsAny || !RemotePorts.IsAny;

    internal bool Concerns(bool v6) =>
        (Local is not { } local || local.Address.IsV6 == v6) && (Remote is not { } remote || remote.Address.IsV6 == v6);

    /// <summary>Rules and filters look at ports only of a protocol that has them.</summary>
    internal IEnumerable<ProtectedSelector> ByProtocol() => Protocol is null && HasPorts
        ? [this with { Protocol = IpProtocol.Tcp }, this with { Protocol = IpProtocol.Udp }, this with { Protocol = IpProtocol.Sctp }]
        : [this];
}

/// <summary>Ports from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct PortSpan(ushort First, ushort Last)
{
    public static PortSpan Any => new(0, ushort.MaxValue);

    public bool IsAny => this == Any;

    public bool Contains(ushort port) => port >= First && port <= Last;

    public static PortSpan One(ushort port) => new(port, port);
}
