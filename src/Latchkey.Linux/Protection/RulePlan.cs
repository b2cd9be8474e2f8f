using Latchkey.Linux.Netlink;
using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>
/// The routing rules that send protected traffic, and nothing else, to our table. What must pass by jumps over the
/// whole block, so that the host's own rules decide about it as if we were not there.
/// </summary>
internal static class RulePlan
{
    public const int BlockSize = 1000;

    private static readonly InetPrefix[] NeverProtectedV4 = [InetPrefix.Parse("224.0.0.0/4"), InetPrefix.Parse("255.255.255.255/32")];
    private static readonly InetPrefix[] NeverProtectedV6 = [InetPrefix.Parse("ff00::/8"), InetPrefix.Parse("fe80::/10")];

    /// <summary>Multicast, broadcast and IPv6 link-local: nobody can be asked for keys there.</summary>
    public static bool IsNeverProtected(InetPrefix prefix) =>
        Array.Exists(prefix.Address.IsV6 ? NeverProtectedV6 : NeverProtectedV4, p => p.Length <= prefix.Length && p.Contains(prefix.Address));

    /// <param name="held">Single flows; their rules share one priority, so that there may be any number.</param>
    /// <param name="lost">Addresses the host has lost; their rules share priorities for the same reason.</param>
    /// <exception cref="LinuxException">More selectors than the block has room for.</exception>
    public static List<RuleInfo> For(
        bool v6, IReadOnlyCollection<ProtectedSelector> selectors, IEnumerable<FlowKey> held, IEnumerable<InetAddress> lost, ProtectionSettings settings)
    {
        var priority = settings.FirstRulePriority;
        var end = priority + BlockSize - 1;
        var rules = new List<RuleInfo>();
        RuleInfo Next() => new(priority++, Owner.Number);
        void Bypass(Func<RuleInfo, RuleInfo> what) => rules.Add(what(Next() with { Goto = end }));

        // Our outer packets.
        Bypass(r => r with { Mark = settings.Mark });

        rules.AddRange(LostAddressPlan.Rules(v6, lost, priority++, settings));

        RuleInfo Protect(RuleInfo rule, ProtectedSelector selector, InetPrefix? source) => rule with
        {
            Table = settings.RoutingTable,
            Source = source,
            Destination = selector.Remote is { Length: > 0 } remote ? remote : null,
            Protocol = selector.Protocol,
            SourcePorts = Ports(selector.LocalPorts),
            DestinationPorts = Ports(selector.RemotePorts),
        };

        // Forwarded packets are not this host's, unless an entry says so. The check of source addresses (rp_filter) looks routes
        // up as "iif lo" too, with the packet's ends exchanged, so that strict hosts find the TUN device for what arrives
        // through it. (Selector rules with "iif lo" would not do: the kernel does not dissect ports for those.)
        List<ProtectedSelector> forwarded = [.. selectors.Where(s => s.IsForwarded && s.Concerns(v6)).SelectMany(s => s.ByProtocol())];
        if (forwarded.Count == 0)
        {
            Bypass(r => r with { Not = true, InputInterface = "lo" });
        }
        else
        {
            rules.Add(Next() with { InputInterface = "lo", Goto = priority + (uint)forwarded.Count + 1 });
            rules.AddRange(forwarded.Select(selector => Protect(Next(), selector, selector.Local)));
            Bypass(r => r);
        }

        // IKE and ESP arriving: their mark is not known when the source address is checked.
        Bypass(r => r with { Protocol = IpProtocol.Esp });
        Bypass(r => r with { Protocol = IpProtocol.Udp, SourcePorts = (500, 500) });
        Bypass(r => r with { Protocol = IpProtocol.Udp, SourcePorts = (4500, 4500) });

        // Neighbour discovery, below, must work before anything else does.
        foreach (var prefix in v6 ? NeverProtectedV6 : NeverProtectedV4)
        {
            Bypass(r => r with { Destination = prefix });
        }

        if (v6)
        {
            Bypass(r => r with { Protocol = IpProtocol.Icmp6 });
        }

        var last = end - 1;
        foreach (var selector in selectors.Where(s => s.Concerns(v6)).SelectMany(s => s.ByProtocol()))
        {
            foreach (var (source, found) in Sources(v6, selector))
            {
                if (priority == last)
                {
                    throw new LinuxException($"too many protect entries: the block of routing rules has room for {BlockSize}");
                }

                rules.Add(Protect(Next() with { FindSource = found }, selector, source));
            }
        }

        foreach (var selector in held.Where(flow => flow.Local.IsV6 == v6).Select(ProtectedSelector.Of))
        {
            rules.Add(Protect(new RuleInfo(last, Owner.Number), selector, selector.Local));
        }

        priority = end;
        rules.Add(Next());
        return rules;
    }

    /// <summary>
    /// A socket that is not bound looks its route up with an unspecified source first, and takes the source address from
    /// the route: both must meet our table. With IPv6 no rule that names a source fits an unspecified one, but for one that
    /// has it found.
    /// </summary>
    private static (InetPrefix? Source, bool Found)[] Sources(bool v6, ProtectedSelector selector) =>
        selector.Local is not { Length: > 0 } local ? [(null, false)]
        : v6 ? [(local, true)]
        : [(local, false), (InetPrefix.Of(InetAddress.AnyV4), false)];

    /// <summary>
    /// The kernel takes ranges within 1 to 65534 (<c>fib_rule_port_range_valid</c>); "any" is said by saying nothing.
    /// What a range loses by that is still dropped by the filter: it does not work, and it does not leak.
    /// </summary>
    private static (ushort Start, ushort End)? Ports(PortSpan ports)
    {
        if (ports.IsAny)
        {
            return null;
        }

        var range = (Start: Math.Max(ports.First, (ushort)1), End: Math.Min(ports.Last, (ushort)65534));
        return range.Start <= range.End
            ? range
            : throw new LinuxException($"port {ports.First} cannot be protected: routing rules know the ports 1 to 65534");
    }
}
