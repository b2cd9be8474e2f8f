namespace Latchkey.Wire;

/// <summary>
/// The 5-tuple of one upper-layer flow, seen from this host: what a connection latch is keyed on (RFC 5660 §2).
/// </summary>
public readonly record struct FlowKey(
    IpProtocol Protocol, InetAddress Local, ushort LocalPort, InetAddress Remote, ushort RemotePort)
{
    /// <summary>The same flow as the other host sees it.</summary>
    public FlowKey Reversed => new(Protocol, Remote, RemotePort, Local, LocalPort);

    public override string ToString() =>
        $"{Protocol.ToString().ToLowerInvariant()} {new InetEndpoint(Local, LocalPort)} <-> {new InetEndpoint(Remote, RemotePort)}";
}
