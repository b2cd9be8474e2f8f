namespace Latchkey.Lab.Network;

/// <summary>
/// Who has which address. Scenarios name hosts by number and never write an address down, so that the same story runs
/// with either family. The prefixes are those for documentation (RFC 5737, RFC 3849).
/// </summary>
public sealed record AddressPlan(bool IsIPv6)
{
    /// <summary>Its name for people.</summary>
    public string Name => IsIPv6 ? "IPv6" : "IPv4";

    /// <summary>Its name for <c>ip</c>.</summary>
    public string Family => IsIPv6 ? "-6" : "-4";

    /// <summary>Its name for <c>nft</c>.</summary>
    public string NftFamily => IsIPv6 ? "ip6" : "ip";

    /// <summary>The first of the addresses for benchmarks (RFC 2544, RFC 5180), which nobody has.</summary>
    public string BenchmarkPrefix => IsIPv6 ? "2001:2::" : "198.18.0.0";

    public int PrefixLength => IsIPv6 ? 64 : 24;

    /// <summary>What this family's addresses are called in tshark's filters.</summary>
    public string FilterPrefix => IsIPv6 ? "ipv6" : "ip";

    /// <summary>All addresses of a link.</summary>
    public string Prefix(int link) => $"{(IsIPv6 ? $"2001:db8:{link}::" : Address(link, 0))}/{PrefixLength}";

    /// <param name="link">1, 2 or 3.</param>
    public string Address(int link, int host) =>
        IsIPv6 ? $"2001:db8:{link}::{host:x}" : $"{(link switch { 1 => "192.0.2", 2 => "198.51.100", _ => "203.0.113" })}.{host}";

    /// <summary>An address with a port, as in URLs and socat's arguments.</summary>
    public string WithPort(string address, int port) => IsIPv6 ? $"[{address}]:{port}" : $"{address}:{port}";

    /// <summary>An address as the host part of a URL or of a socat address.</summary>
    public string Bracketed(string address) => IsIPv6 ? $"[{address}]" : address;
}
