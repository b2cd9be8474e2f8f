using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>The largest inner IP packet that fits, protected, into an outer packet of <paramref name="outerMtu"/> octets.</summary>
/// <param name="v6">The family of the outer packet; in transport mode of the inner one too.</param>
/// <param name="tunnel">The inner packet travels with its own header.</param>
public delegate int InnerMtu(int outerMtu, bool v6, bool tunnel);

/// <summary>
/// The routes of our table: the host's own routes towards the protected addresses, through the TUN device instead, each
/// with the source address and the MTU that the host would use.
/// </summary>
/// <remarks>
/// A socket that is not bound takes its address from the route. Without that address in our routes, a host with
/// several would speak from whichever the kernel finds first: the peer would see another host than without protection.
/// </remarks>
internal static class MirrorPlan
{
    private const uint Metric = 1024;

    /// <summary>Behind every route with a better metric.</summary>
    private const uint LastMetric = uint.MaxValue;

    private const int MinimumV6Mtu = 1280;

    /// <summary>
    /// RFC 791's own minimum, not the 576 octets that hosts must take: anybody can make the kernel believe in a path of 552,
    /// and a socket that is not told of it would send for ever what does not fit.
    /// </summary>
    private const int MinimumV4Mtu = 68;

    /// <summary>Of a way that is not known yet: what every link of IPv6 takes (RFC 8200 §5), and every link of today's IPv4.</summary>
    private const int UnknownMtu = 1280;

    /// <summary>What keeps protected packets in when the TUN device, and every route through it, is gone.</summary>
    public static RouteInfo Barrier(bool v6, ProtectionSettings settings) =>
        new(new InetPrefix(v6 ? InetAddress.AnyV6 : InetAddress.AnyV4, 0), settings.RoutingTable, Rtnetlink.RouteProhibit, Owner.Number, LastMetric);

    /// <param name="selectors">What is protected.</param>
    /// <param name="hostRoutes">Every route of the family, ours included.</param>
    /// <param name="resolve">How the host itself would send to an address.</param>
    /// <param name="interfaceMtu">MTU of an interface.</param>
    /// <param name="device">Index of the TUN device.</param>
    public static List<RouteInfo> For(
        bool v6,
        IReadOnlyCollection<ProtectedSelector> selectors,
        IReadOnlyCollection<RouteInfo> hostRoutes,
        Func<InetAddress, Way?> resolve,
        Func<int, int> interfaceMtu,
        InnerMtu innerMtu,
        int device,
        ProtectionSettings settings)
    {
        var any = new InetPrefix(v6 ? InetAddress.AnyV6 : InetAddress.AnyV4, 0);
        var protectedPrefixes = selectors.Where(s => s.Concerns(v6) && s.Tunnel is null).Select(s => s.Remote ?? any).ToHashSet();
        var destinations = new HashSet<InetPrefix>();
        var own = new List<InetPrefix>();

        // Not all that is in the local table: a router's anycast address (RFC 4291 §2.6.1) is none to speak from.
        List<InetAddress> addresses = [.. hostRoutes.Where(r => r is { Table: Rtnetlink.TableLocal, Type: Rtnetlink.RouteLocal } && r.Destination.Length == r.Destination.Address.BitLength).Select(r => r.Destination.Address)];
        foreach (var route in hostRoutes)
        {
            if (route.Table == Rtnetlink.TableLocal)
            {
                own.Add(route.Destination);
                continue;
            }

            if (route.Type != Rtnetlink.RouteUnicast || route.Protocol == Owner.Number || RulePlan.IsNeverProtected(route.Destination))
            {
                continue;
            }

            foreach (var prefix in protectedPrefixes)
            {
                if (prefix.Overlaps(route.Destination))
                {
                    destinations.Add(prefix.Length > route.Destination.Length ? prefix : route.Destination);
                }
            }
        }

        InetPrefix[] elsewhere = [.. destinations, .. own];
        var result = new List<RouteInfo>();
        foreach (var destination in destinations.OrderBy(d => d.Address).ThenBy(d => d.Length))
        {
            if (Witness(destination, elsewhere) is not { } witness || resolve(witness) is not { } way || way.Interface == device)
            {
                continue;
            }

            result.Add(Towards(destination, way.Source, OuterMtu(way, interfaceMtu), innerMtu, device, settings));
        }

        foreach (var selector in selectors.Where(s => s.Tunnel is not null && s.Concerns(v6)).DistinctBy(s => s.Remote))
        {
            var route = Inside(selector, addresses, resolve, interfaceMtu, innerMtu, device, settings);
            result.RemoveAll(route.SamePlace);
            result.Add(route);
        }

        return result;
    }

    private static int OuterMtu(Way way, Func<int, int> interfaceMtu) => way.Mtu == 0 ? interfaceMtu(way.Interface) : way.Mtu;

    /// <summary>The route into a tunnel: from an inner address of this host, however the host would go to the other end's inner addresses.</summary>
    private static RouteInfo Inside(
        ProtectedSelector selector, List<InetAddress> addresses, Func<InetAddress, Way?> resolve, Func<int, int> interfaceMtu, InnerMtu innerMtu, int device, ProtectionSettings settings)
    {
        var peer = selector.Tunnel!.Value.Remote;
        var outer = resolve(peer) is { } way ? OuterMtu(way, interfaceMtu) : UnknownMtu;
        var remote = selector.Remote!.Value;
        InetAddress? source = addresses.Where(selector.Local!.Value.Contains).Select(a => (InetAddress?)a).FirstOrDefault();
        var inner = Math.Max(innerMtu(outer, peer.IsV6, tunnel: true), remote.Address.IsV6 ? MinimumV6Mtu : MinimumV4Mtu);
        return new RouteInfo(remote, settings.RoutingTable, Rtnetlink.RouteUnicast, Owner.Number, Metric, device, source, inner);
    }

    /// <summary>The route to a single peer, whose path is narrower than the interface.</summary>
    public static RouteInfo Narrow(InetAddress peer, Way way, InnerMtu innerMtu, int device, ProtectionSettings settings) =>
        Towards(InetPrefix.Of(peer), way.Source, way.Mtu, innerMtu, device, settings);

    private static RouteInfo Towards(InetPrefix destination, InetAddress source, int outerMtu, InnerMtu innerMtu, int device, ProtectionSettings settings)
    {
        // RFC 8200 §5: an IPv6 packet of 1280 octets cannot be made smaller; the outer packet is fragmented instead.
        var v6 = source.IsV6;
        var inner = Math.Max(innerMtu(outerMtu, v6, tunnel: false), v6 ? MinimumV6Mtu : MinimumV4Mtu);
        return new RouteInfo(destination, settings.RoutingTable, Rtnetlink.RouteUnicast, Owner.Number, Metric, device, source, inner);
    }

    /// <summary>
    /// An address whose way stands for the whole prefix: in it, and in none of the more specific ones, of which the
    /// host's own addresses are some. Null when those cover all of it.
    /// </summary>
    public static InetAddress? Witness(InetPrefix prefix, IReadOnlyCollection<InetPrefix> all)
    {
        // The first address of a network is no host; in a prefix of one or two addresses every one is (RFC 3021, 6164).
        var hostBits = prefix.Address.BitLength - prefix.Length;
        var candidate = prefix.Start.ToNumber() + (hostBits > 1 ? 1u : 0u);
        while (candidate <= prefix.End.ToNumber())
        {
            var address = prefix.Address.IsV6 ? InetAddress.FromV6(candidate) : InetAddress.FromV4((uint)candidate);
            InetPrefix? covering = null;
            foreach (var other in all)
            {
                if (other.Length > prefix.Length && other.Contains(address) && (covering is null || other.Length < covering.Value.Length))
                {
                    covering = other;
                }
            }

            if (covering is null)
            {
                return address;
            }

            var end = covering.Value.End.ToNumber();
            if (end == UInt128.MaxValue)
            {
                return null;
            }

            candidate = end + 1;
        }

        return null;
    }
}
