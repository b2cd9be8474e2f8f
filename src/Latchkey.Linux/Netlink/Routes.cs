using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>A route. An interface or source that is null does not apply; an MTU of 0 leaves it to the interface.</summary>
internal readonly record struct RouteInfo(
    InetPrefix Destination, uint Table, byte Type, byte Protocol, uint Metric, int? Interface = null, InetAddress? Source = null, int Mtu = 0)
{
    /// <summary>The kernel holds one route for a destination and metric in a table; of IPv6 also one for each device.</summary>
    public bool SamePlace(RouteInfo other) => Destination == other.Destination && Table == other.Table && Metric == other.Metric;

    public override string ToString() => $"{Destination} in table {Table}";
}

/// <summary>How the host would send to an address: from which of its own, out of which interface.</summary>
/// <param name="Mtu">The path MTU where the route or a router named one, otherwise 0: the interface's.</param>
internal readonly record struct Way(int Interface, InetAddress Source, int Mtu);

/// <summary>Routes of one family through RTM_*ROUTE.</summary>
internal sealed class Routes(NetlinkSocket netlink, bool v6)
{
    private const uint Cloned = 0x200;

    private byte Family => (byte)(v6 ? Socket.FamilyInet6 : Socket.FamilyInet);

    private InetAddress Any => v6 ? InetAddress.AnyV6 : InetAddress.AnyV4;

    /// <summary>Every route of every table.</summary>
    public List<RouteInfo> List()
    {
        var result = new List<RouteInfo>();
        netlink.Dump(
            MessageBuilder.Request(Rtnetlink.GetRoute, 0, new RouteMessage { Family = Family }), "cannot list the routes", result.Clear, (type, body) =>
            {
                if (type == Rtnetlink.NewRoute && TryRead(body, out var message) is { } route && (message.Flags & Cloned) == 0)
                {
                    result.Add(route);
                }
            });
        return result;
    }

    /// <summary>Adds a route, or replaces the one with the same destination and metric.</summary>
    public void Put(RouteInfo route) =>
        netlink.Do(Build(Rtnetlink.NewRoute, NetlinkAbi.FlagCreate | NetlinkAbi.FlagReplace, route), $"cannot add the route {route}");

    /// <summary>Deletes a route; one that is gone already is no error.</summary>
    public void Delete(RouteInfo route) => netlink.TryDo(Build(Rtnetlink.DeleteRoute, 0, route));

    /// <summary>Asks how a packet with <paramref name="mark"/> would go to an address; null when it would not leave the host.</summary>
    public Way? Resolve(InetAddress destination, uint mark)
    {
        Way? way = null;
        var request = MessageBuilder
            .Request(Rtnetlink.GetRoute, 0, new RouteMessage { Family = Family, DestinationLength = (byte)destination.BitLength })
            .Put(Rtnetlink.RouteDestination, destination)
            .Put(Rtnetlink.RouteMark, mark);
        var error = netlink.TryGet(request, (type, body) =>
        {
            if (type == Rtnetlink.NewRoute && TryRead(body, out _) is { Type: Rtnetlink.RouteUnicast, Interface: { } index, Source: { } source } route)
            {
                way = new Way(index, source, route.Mtu);
            }
        });
        return error == 0 ? way : null;
    }

    private MessageBuilder Build(ushort type, ushort flags, RouteInfo route)
    {
        // RTN_UNICAST on a device without a gateway is on-link.
        var scope = route.Type switch
        {
            _ when v6 => Rtnetlink.ScopeUniverse, // not looked at
            Rtnetlink.RouteUnicast => Rtnetlink.ScopeLink,
            Rtnetlink.RouteLocal => Rtnetlink.ScopeHost,
            _ => Rtnetlink.ScopeUniverse,
        };
        var request = MessageBuilder
            .Request(type, flags, new RouteMessage
            {
                Family = Family,
                DestinationLength = (byte)route.Destination.Length,
                Protocol = route.Protocol,
                Type = route.Type,
                Scope = scope,
            })
            .Put(Rtnetlink.RouteDestination, route.Destination.Address)
            .Put(Rtnetlink.RouteTable, route.Table)
            .Put(Rtnetlink.RoutePriority, route.Metric);
        if (route.Interface is { } index)
        {
            request.Put(Rtnetlink.RouteOutputInterface, index);
        }

        if (route.Source is { } source)
        {
            request.Put(Rtnetlink.RoutePreferredSource, source);
        }

        if (route.Mtu != 0)
        {
            var metrics = request.BeginNested(Rtnetlink.RouteMetrics);
            request.Put(Rtnetlink.MetricMtu, (uint)route.Mtu).EndNested(metrics);
        }

        return request;
    }

    private RouteInfo? TryRead(ReadOnlySpan<byte> body, out RouteMessage message)
    {
        if (!AttributeReader.TrySplit(body, out message, out var attributes) || message.Family != Family)
        {
            return null;
        }

        var destination = Any;
        uint table = message.Table;
        uint metric = 0;
        int? output = null;
        InetAddress? source = null;
        var mtu = 0;
        while (attributes.TryNext(out var type, out var value))
        {
            switch (type)
            {
                case Rtnetlink.RouteDestination:
                    destination = AttributeValue.ToAddress(value) ?? Any;
                    break;
                case Rtnetlink.RouteTable:
                    table = AttributeValue.ToUInt32(value);
                    break;
                case Rtnetlink.RoutePriority:
                    metric = AttributeValue.ToUInt32(value);
                    break;
                case Rtnetlink.RouteOutputInterface:
                    output = (int)AttributeValue.ToUInt32(value);
                    break;
                case Rtnetlink.RoutePreferredSource:
                    source = AttributeValue.ToAddress(value);
                    break;
                case Rtnetlink.RouteMetrics:
                    mtu = ReadMtu(value);
                    break;
            }
        }

        return message.DestinationLength <= destination.BitLength
            ? new RouteInfo(new InetPrefix(destination, message.DestinationLength), table, message.Type, message.Protocol, metric, output, source, mtu)
            : null;
    }

    private static int ReadMtu(ReadOnlySpan<byte> metrics)
    {
        var reader = new AttributeReader(metrics);
        while (reader.TryNext(out var type, out var value))
        {
            if (type == Rtnetlink.MetricMtu)
            {
                return (int)AttributeValue.ToUInt32(value);
            }
        }

        return 0;
    }
}
