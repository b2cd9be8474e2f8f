using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>
/// Keeps addresses that the host has lost local to the TUN device alone, so that their sockets can be told. To every
/// other interface they are foreign, as they should be: another host may have them by now.
/// </summary>
internal static class LostAddressPlan
{
    /// <summary>The index of the loopback interface, in every network namespace (LOOPBACK_IFINDEX).</summary>
    private const int Loopback = 1;

    public static IEnumerable<RuleInfo> Rules(bool v6, IEnumerable<InetAddress> lost, uint priority, ProtectionSettings settings)
    {
        foreach (var address in lost.Where(a => a.IsV6 == v6).Select(InetPrefix.Of))
        {
            var rule = new RuleInfo(priority, Owner.Number) { Table = settings.LostAddressTable };
            yield return rule with { InputInterface = settings.Device, Destination = address };

            // The check of source addresses asks whether an answer would go where the packet came from; and what a socket
            // of IPv6 goes on sending must not leave either (IPv4 refuses to send from an address it has not).
            yield return rule with { Source = address };
        }
    }

    public static IEnumerable<RouteInfo> Routes(bool v6, IEnumerable<InetAddress> lost, int device, ProtectionSettings settings)
    {
        InetPrefix[] prefixes = [.. lost.Where(a => a.IsV6 == v6).Select(InetPrefix.Of)];
        if (prefixes.Length > 0)
        {
            yield return Route(new InetPrefix(v6 ? InetAddress.AnyV6 : InetAddress.AnyV4, 0), Rtnetlink.RouteUnicast, device, settings);
        }

        foreach (var prefix in prefixes)
        {
            yield return Route(prefix, Rtnetlink.RouteLocal, Loopback, settings);
        }
    }

    private static RouteInfo Route(InetPrefix destination, byte type, int device, ProtectionSettings settings) =>
        new(destination, settings.LostAddressTable, type, Owner.Number, Metric: 1, device);
}
