namespace Latchkey.Wire;

/// <summary>One side of a traffic selector: an address range, a protocol and a port range (RFC 7296 §3.13.1).</summary>
/// <param name="Protocol">The protocol, or 0 for any.</param>
public readonly record struct TrafficSelector(
    InetAddress StartAddress, InetAddress EndAddress, byte Protocol, ushort StartPort, ushort EndPort)
{
    public const byte AnyProtocol = 0;

    public static TrafficSelector For(InetPrefix prefix, byte protocol, ushort startPort = 0, ushort endPort = ushort.MaxValue) =>
        new(prefix.Start, prefix.End, protocol, startPort, endPort);

    public bool IsAnyPort => StartPort == 0 && EndPort == ushort.MaxValue;

    /// <summary>One address, one protocol, one port.</summary>
    public bool IsSingle => StartAddress == EndAddress && Protocol != AnyProtocol && StartPort == EndPort;

    public bool Covers(InetAddress address, IpProtocol protocol, ushort port) =>
        address.IsV4 == StartAddress.IsV4 && address >= StartAddress && address <= EndAddress
        && (Protocol == AnyProtocol || Protocol == (byte)protocol)
        && port >= StartPort && port <= EndPort;

    public bool Covers(TrafficSelector other) => Intersect(other) == other;

    /// <summary>What both selectors cover, or null when that is nothing (RFC 7296 §2.9).</summary>
    public TrafficSelector? Intersect(TrafficSelector other)
    {
        if (StartAddress.IsV4 != other.StartAddress.IsV4
            || (Protocol != AnyProtocol && other.Protocol != AnyProtocol && Protocol != other.Protocol))
        {
            return null;
        }

        var startAddress = StartAddress > other.StartAddress ? StartAddress : other.StartAddress;
        var endAddress = EndAddress < other.EndAddress ? EndAddress : other.EndAddress;
        var startPort = Math.Max(StartPort, other.StartPort);
        var endPort = Math.Min(EndPort, other.EndPort);
        return startAddress > endAddress || startPort > endPort
            ? null
            : new(startAddress, endAddress, Protocol == AnyProtocol ? other.Protocol : Protocol, startPort, endPort);
    }

    public override string ToString()
    {
        var addresses = StartAddress == EndAddress ? StartAddress.ToString() : $"{StartAddress}-{EndAddress}";
        var protocol = Protocol == AnyProtocol ? "any" : ((IpProtocol)Protocol).ToString().ToLowerInvariant();
        var ports = IsAnyPort ? "" : StartPort == EndPort ? $"/{StartPort}" : $"/{StartPort}-{EndPort}";
        return $"{addresses}[{protocol}{ports}]";
    }
}
