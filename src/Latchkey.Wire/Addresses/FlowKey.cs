namespace Latchkey.Wire;

/// <summary>
/// The 5-tuple of one upper-layer flow, seen from this host: what a connection latch is keyed on (RFC 5660 §2).
/// </summary>
public readonly record struct FlowKey(
    IpProtocol Protocol, InetAddress Local, ushort LocalPort, InetAddress Remote, ushort RemotePort)
{
    /// <summary>The same flow as the other host sees it.</summary>
    public FlowKey Reversed => new(Protocol, Remote, RemotePort, Local, LocalPort);

    /// <summary>
    /// Of every bit, and with a seed of the process: who may choose addresses and ports is not to choose where in a table
    /// they fall.
    /// </summary>
    public override int GetHashCode()
    {
        var ports = LocalPort | (uint)RemotePort << 16;
        return Local.IsV4 && Remote.IsV4
            ? HashCode.Combine(Local.Word(0), Remote.Word(0), ports, (byte)Protocol)
            : HashCode.Combine(
                HashCode.Combine(Local.Word(0), Local.Word(1), Local.Word(2), Local.Word(3), Local.IsV6),
                HashCode.Combine(Remote.Word(0), Remote.Word(1), Remote.Word(2), Remote.Word(3), Remote.IsV6),
                ports,
                (byte)Protocol);
    }

    public override string ToString() =>
        $"{Protocol.ToString().ToLowerInvariant()} {new InetEndpoint(Local, LocalPort)} <-> {new InetEndpoint(Remote, RemotePort)}";
}
