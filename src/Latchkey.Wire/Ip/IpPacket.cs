namespace Latchkey.Wire;

/// <summary>What <see cref="IpPacket.Read"/> found.</summary>
public enum IpPacketKind
{
    /// <summary>A whole packet of a flow.</summary>
    Whole,

    /// <summary>A fragment: it names no ports that could be trusted (RFC 4301 §7).</summary>
    Fragment,

    /// <summary>A length or version contradicts the octets.</summary>
    Malformed,

    /// <summary>No flow can be told: AH, ESP, nothing, or an address that routing headers or options still change.</summary>
    Unsupported,
}

/// <summary>The flow that an IP packet of either version belongs to, and where its headers are.</summary>
/// <param name="Length">Octets of the packet; what follows is padding of the link.</param>
/// <param name="ProtectedProtocol">The first header that transport-mode ESP covers, at <paramref name="ProtectedOffset"/>.</param>
/// <param name="ProtectedOffset">For IPv4 behind the IP header, for IPv6 see <see cref="Ipv6Chain"/>.</param>
/// <param name="UpperOffset">Where the header of <paramref name="Protocol"/> begins.</param>
/// <param name="SourcePort">0 for protocols without ports, and in a fragment.</param>
/// <param name="DontFragment">The sender wants no fragmentation on the way: IPv4's flag, and always for IPv6.</param>
public record struct IpPacket(
    bool IsV6,
    InetAddress Source,
    InetAddress Destination,
    IpProtocol Protocol,
    ushort SourcePort,
    ushort DestinationPort,
    int Length,
    IpProtocol ProtectedProtocol,
    int ProtectedOffset,
    int UpperOffset,
    bool DontFragment)
{
    /// <summary>The flow of a packet that this host sends.</summary>
    public readonly FlowKey OutboundFlow => new(Protocol, Source, SourcePort, Destination, DestinationPort);

    /// <summary>The flow of a packet that this host receives.</summary>
    public readonly FlowKey InboundFlow => new(Protocol, Destination, DestinationPort, Source, SourcePort);

    public static IpPacketKind Read(ReadOnlySpan<byte> bytes, out IpPacket packet)
    {
        packet = default;
        if (bytes.IsEmpty)
        {
            return IpPacketKind.Malformed;
        }

        return bytes[0] >> 4 == 6 ? ReadV6(bytes, out packet) : ReadV4(bytes, out packet);
    }

    /// <summary>Describes a packet that differs only in its ports.</summary>
    /// <remarks>Where it is to lie: the processor waits before it copies what was put together elsewhere a moment ago.</remarks>
    public readonly void CopyTo(out IpPacket packet, ushort sourcePort, ushort destinationPort)
    {
        packet = this;
        (packet.SourcePort, packet.DestinationPort) = (sourcePort, destinationPort);
    }

    /// <summary>
    /// Reads what transport-mode ESP carried: an upper layer, possibly behind destination options. The packet described is
    /// the one with a plain IP header of that version in front of <paramref name="payload"/>.
    /// </summary>
    public static IpPacketKind ReadTransport(
        InetAddress source, InetAddress destination, IpProtocol protocol, ReadOnlySpan<byte> payload, out IpPacket packet)
    {
        packet = default;
        var chain = new Ipv6Chain(protocol, 0, protocol, 0, -1, HasRoutingToDo: false);
        if (source.IsV6 && !Ipv6Extensions.TryWalk(protocol, payload, out chain))
        {
            return IpPacketKind.Malformed;
        }

        if (chain.ProtectedOffset != 0 || chain.Protocol is IpProtocol.IpInIp or IpProtocol.Ipv6)
        {
            return IpPacketKind.Unsupported; // headers that belong before ESP, or a tunnel
        }

        var kind = ReadPorts(chain.Protocol, payload[chain.Offset..], out var from, out var to);
        var header = source.IsV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;
        packet = new(
            source.IsV6, source, destination, chain.Protocol, from, to, header + payload.Length, protocol, header, header + chain.Offset,
            DontFragment: source.IsV6);
        return kind;
    }

    /// <summary>The ports in the first four octets of a TCP, UDP or SCTP header; false when they are cut off.</summary>
    /// <remarks>Other protocols have no ports: zero.</remarks>
    public static bool TryReadPorts(IpProtocol protocol, ReadOnlySpan<byte> upper, out ushort source, out ushort destination)
    {
        source = destination = 0;
        var needed = protocol switch
        {
            IpProtocol.Tcp => TcpView.MinimumHeaderLength,
            IpProtocol.Udp => UdpView.HeaderLength,
            IpProtocol.Sctp => 12,
            _ => 0,
        };
        if (upper.Length < needed)
        {
            return false;
        }

        if (needed > 0)
        {
            source = (ushort)(upper[0] << 8 | upper[1]);
            destination = (ushort)(upper[2] << 8 | upper[3]);
        }

        return true;
    }

    private static IpPacketKind ReadV4(ReadOnlySpan<byte> bytes, out IpPacket packet)
    {
        if (!Ipv4View.TryCreate(bytes, out var ip))
        {
            packet = default;
            return IpPacketKind.Malformed;
        }

        var kind = IpPacketKind.Fragment;
        ushort from = 0, to = 0;
        if (!ip.IsFragment)
        {
            kind = ReadPorts(ip.Protocol, ip.Payload, out from, out to);
        }

        packet = new(
            IsV6: false, ip.Source, ip.Destination, ip.Protocol, from, to, ip.TotalLength, ip.Protocol, ip.HeaderLength, ip.HeaderLength, ip.DontFragment);
        return kind;
    }

    private static IpPacketKind ReadV6(ReadOnlySpan<byte> bytes, out IpPacket packet)
    {
        if (!Ipv6View.TryCreate(bytes, out var ip) || !Ipv6Extensions.TryWalk(ip.NextHeader, ip.Payload, out var chain))
        {
            packet = default;
            return IpPacketKind.Malformed;
        }

        var kind = chain.FragmentHeaderOffset >= 0 ? IpPacketKind.Fragment : IpPacketKind.Unsupported;
        ushort from = 0, to = 0;
        if (kind != IpPacketKind.Fragment && !chain.HasRoutingToDo)
        {
            kind = ReadPorts(chain.Protocol, ip.Payload[chain.Offset..], out from, out to);
        }

        packet = new(
            IsV6: true, ip.Source, ip.Destination, chain.Protocol, from, to, ip.Packet.Length, chain.ProtectedProtocol,
            Ipv6View.HeaderLength + chain.ProtectedOffset, Ipv6View.HeaderLength + chain.Offset, DontFragment: true);
        return kind;
    }

    private static IpPacketKind ReadPorts(IpProtocol protocol, ReadOnlySpan<byte> upper, out ushort source, out ushort destination)
    {
        source = destination = 0;
        return protocol is IpProtocol.Ah or IpProtocol.Esp or IpProtocol.NoNext ? IpPacketKind.Unsupported
            : TryReadPorts(protocol, upper, out source, out destination) ? IpPacketKind.Whole
            : IpPacketKind.Malformed;
    }
}
