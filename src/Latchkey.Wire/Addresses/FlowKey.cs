namespace Latchkey.Wire;

/// <summary>
/// The 5-tuple of one upper-layer flow, seen from this host: what a connection latch is keyed on (RFC 5660 §2).
/// </summary>
/// <remarks>Packed into 40 octets, because there is one in every flow, and each packet of another flow than the one before brings them out of memory.</remarks>
public readonly record struct FlowKey
{
    private const ulong Ports = 0xFFFF_FFFF;
    private const int RemotePortShift = 16;
    private const int ProtocolShift = 32;
    private const int LocalIsV6Shift = 40;
    private const int RemoteIsV6Shift = 41;

    private readonly ulong _localHigh;
    private readonly ulong _localLow;
    private readonly ulong _remoteHigh;
    private readonly ulong _remoteLow;

    // Ports, protocol and families, where the shifts say.
    private readonly ulong _rest;

    public FlowKey(IpProtocol protocol, InetAddress local, ushort localPort, InetAddress remote, ushort remotePort)
    {
        (_localHigh, _localLow) = (local.High, local.Low);
        (_remoteHigh, _remoteLow) = (remote.High, remote.Low);
        _rest = localPort
            | ((ulong)remotePort << RemotePortShift)
            | ((ulong)protocol << ProtocolShift)
            | (local.IsV6 ? 1UL << LocalIsV6Shift : 0)
            | (remote.IsV6 ? 1UL << RemoteIsV6Shift : 0);
    }

    private FlowKey(in FlowKey like, ushort localPort, ushort remotePort)
    {
        this = like;
        _rest = (like._rest & ~Ports) | localPort | ((ulong)remotePort << RemotePortShift);
    }

    public IpProtocol Protocol
    {
        get => (IpProtocol)(byte)(_rest >> ProtocolShift);
        init => this = new(value, Local, LocalPort, Remote, RemotePort);
    }

    public InetAddress Local
    {
        get => new(_localHigh, _localLow, (_rest >> LocalIsV6Shift & 1) != 0);
        init => this = new(Protocol, value, LocalPort, Remote, RemotePort);
    }

    public ushort LocalPort
    {
        get => (ushort)_rest;
        init => this = WithPorts(value, RemotePort);
    }

    public InetAddress Remote
    {
        get => new(_remoteHigh, _remoteLow, (_rest >> RemoteIsV6Shift & 1) != 0);
        init => this = new(Protocol, Local, LocalPort, value, RemotePort);
    }

    public ushort RemotePort
    {
        get => (ushort)(_rest >> RemotePortShift);
        init => this = WithPorts(LocalPort, value);
    }

    /// <summary>Another flow between the same addresses.</summary>
    public FlowKey WithPorts(ushort local, ushort remote) => new(this, local, remote);

    /// <summary>The same flow as the other host sees it.</summary>
    public FlowKey Reversed => new(Protocol, Remote, RemotePort, Local, LocalPort);

    public bool Equals(FlowKey other) =>
        ((_localHigh ^ other._localHigh) | (_localLow ^ other._localLow) | (_remoteHigh ^ other._remoteHigh) | (_remoteLow ^ other._remoteLow)
            | (_rest ^ other._rest)) == 0;

    /// <summary>
    /// Of every bit, and with a seed of the process: who may choose addresses and ports is not to choose where in a table
    /// they fall.
    /// </summary>
    public override int GetHashCode()
    {
        var (ports, others) = ((uint)_rest, (uint)(_rest >> ProtocolShift));
        return _rest >> LocalIsV6Shift == 0
            ? HashCode.Combine((uint)_localLow, (uint)_remoteLow, ports, others)
            : HashCode.Combine(
                HashCode.Combine((uint)_localLow, (uint)(_localLow >> 32), (uint)_localHigh, (uint)(_localHigh >> 32)),
                HashCode.Combine((uint)_remoteLow, (uint)(_remoteLow >> 32), (uint)_remoteHigh, (uint)(_remoteHigh >> 32)),
                ports,
                others);
    }

    public override string ToString() =>
        $"{Protocol.ToString().ToLowerInvariant()} {new InetEndpoint(Local, LocalPort)} <-> {new InetEndpoint(Remote, RemotePort)}";
}
