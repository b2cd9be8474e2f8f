namespace Latchkey.Wire;

/// <summary>Upper-layer protocol numbers (IANA "Assigned Internet Protocol Numbers").</summary>
public enum IpProtocol : byte
{
    /// <summary>IPv6 hop-by-hop options. In a traffic selector the value 0 means "any protocol" (RFC 7296 §3.13.1).</summary>
    HopByHop = 0,
    Icmp = 1,
    IpInIp = 4,
    Tcp = 6,
    Udp = 17,
    Ipv6 = 41,
    Routing = 43,
    Fragment = 44,
    Esp = 50,
    Ah = 51,
    Icmp6 = 58,
    NoNext = 59,
    DestinationOptions = 60,
    Sctp = 132,
}
