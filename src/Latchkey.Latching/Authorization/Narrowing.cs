using System.Collections.Immutable;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>Narrows the selectors of a proposed Child SA around flows that are latched to somebody else (RFC 5660 §2.3, L27).</summary>
public static class Narrowing
{
    /// <summary>
    /// Selectors on one side, at most: as IPv6 they fill a third of a datagram that no path fragments, and an IKE_AUTH
    /// message has more to carry than selectors. (A payload could hold 255, RFC 7296 §3.13.)
    /// </summary>
    public const int SelectorMaximum = 12;

    /// <summary>What carries ports, or is commonly let through beside them: "any protocol" cannot be said with a hole in it.</summary>
    private static readonly ImmutableArray<IpProtocol> Protocols = [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp, IpProtocol.Icmp, IpProtocol.Icmp6];

    /// <summary>
    /// A part of <paramref name="selectors"/> that covers none of the flows. The set is a product of two sides, so a flow is
    /// cut out of the side that loses less by it: the port of the flow on that side goes. When too many pieces would be
    /// left, the widest stay.
    /// </summary>
    /// <returns>The set itself when it covers none of the flows; empty when nothing is left.</returns>
    public static SelectorSet Around(this SelectorSet selectors, IEnumerable<FlowKey> flows)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        var holes = flows.Where(selectors.Covers).ToList();
        if (holes.Count == 0)
        {
            return selectors;
        }

        return Ports(selectors.Remote) >= Ports(selectors.Local)
            ? selectors with { Remote = Cut(selectors.Remote, [.. holes.Select(f => (f.Protocol, f.RemotePort))]) }
            : selectors with { Local = Cut(selectors.Local, [.. holes.Select(f => (f.Protocol, f.LocalPort))]) };
    }

    private static long Ports(ImmutableArray<TrafficSelector> selectors) => selectors.Sum(s => s.EndPort - s.StartPort + 1L);

    private static ImmutableArray<TrafficSelector> Cut(ImmutableArray<TrafficSelector> side, IReadOnlyCollection<(IpProtocol Protocol, ushort Port)> holes)
    {
        var pieces = side.SelectMany(OneProtocolEach)
            .SelectMany(s => Cut(s, holes.Where(h => (byte)h.Protocol == s.Protocol).Select(h => h.Port).Distinct().Order())).ToList();
        var kept = pieces.Count <= SelectorMaximum ? pieces : [.. pieces.OrderByDescending(s => s.EndPort - s.StartPort).Take(SelectorMaximum)];
        return [.. kept.OrderBy(s => s.Protocol).ThenBy(s => s.StartPort)];
    }

    private static IEnumerable<TrafficSelector> OneProtocolEach(TrafficSelector selector) => selector.Protocol != TrafficSelector.AnyProtocol
        ? [selector]
        : Protocols.Where(p => p != (selector.StartAddress.IsV4 ? IpProtocol.Icmp6 : IpProtocol.Icmp)).Select(p => selector with { Protocol = (byte)p });

    private static List<TrafficSelector> Cut(TrafficSelector selector, IEnumerable<ushort> ports)
    {
        var pieces = new List<TrafficSelector>();
        var next = (int)selector.StartPort;
        foreach (var port in ports.Where(p => p >= selector.StartPort && p <= selector.EndPort))
        {
            if (port > next)
            {
                pieces.Add(selector with { StartPort = (ushort)next, EndPort = (ushort)(port - 1) });
            }

            next = port + 1;
        }

        if (next <= selector.EndPort)
        {
            pieces.Add(selector with { StartPort = (ushort)next });
        }

        return pieces;
    }
}
