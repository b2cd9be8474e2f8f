using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>The links to the outside, by encapsulation and IP version; null where there is none.</summary>
public sealed record OuterLinks(IPacketLink? UdpV4 = null, IPacketLink? UdpV6 = null, IPacketLink? EspV4 = null, IPacketLink? EspV6 = null)
{
    /// <summary>The links there are; one that carries both IP versions is there once.</summary>
    public IEnumerable<(IPacketLink Link, Encapsulation Encapsulation)> All =>
        (from pair in new[] { (UdpV4, Encapsulation.Udp), (UdpV6, Encapsulation.Udp), (EspV4, Encapsulation.Esp), (EspV6, Encapsulation.Esp) }
         where pair.Item1 is not null
         select (pair.Item1, pair.Item2)).Distinct();

    internal IPacketLink? For(Encapsulation encapsulation, bool isV6) => (encapsulation, isV6) switch
    {
        (Encapsulation.Udp, false) => UdpV4,
        (Encapsulation.Udp, true) => UdpV6,
        (Encapsulation.Esp, false) => EspV4,
        _ => EspV6,
    };
}
