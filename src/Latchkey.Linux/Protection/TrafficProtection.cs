using System.Collections.Frozen;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Nftables;
using Latchkey.Wire;

namespace Latchkey.Linux.Protection;

/// <summary>Clear packets and ICMP errors about protected traffic that the filter dropped since it was last put up.</summary>
public sealed record FilterCounters(ulong ClearIn, ulong ClearOut, ulong ErrorsIn, ulong ErrorsOut);

/// <summary>
/// Keeps the host's protected traffic inside the TUN device: routing rules, our routing table, our nftables table.
/// Fails closed: what is here stays when the process is killed, the device and the routes through it do not, and then
/// neither routing nor filter lets a protected packet out or in.
/// </summary>
/// <remarks>
/// Touches only its own: routes and rules marked as ours, one routing table, one nftables table. Belongs to the
/// network namespace of the thread that calls; may be called from several threads.
/// </remarks>
/// <param name="deviceIndex"><see cref="Tun.TunDevice.Index"/>.</param>
/// <param name="innerMtu">How large an inner packet may be.</param>
public sealed class TrafficProtection(ProtectionSettings settings, int deviceIndex, InnerMtu innerMtu) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<InetAddress> _narrow = [];
    private readonly Dictionary<AddressPair, AddressPair> _moved = [];
    private IReadOnlyList<ProtectedSelector> _selectors = [];
    private IReadOnlySet<FlowKey> _held = FrozenSet<FlowKey>.Empty;
    private IReadOnlyCollection<InetAddress> _lost = [];
    private NetlinkSocket? _netfilter;
    private bool _isUp;

    /// <summary>
    /// Puts everything up for these selectors, or changes what is up to them. The filter comes first and changes at
    /// once, so at no moment does a protected packet pass in clear.
    /// </summary>
    /// <param name="held">Single flows that no selector covers and that stay inside nevertheless, because they were protected once.</param>
    /// <returns>What an earlier, killed run had left and was put right: one sentence each.</returns>
    /// <exception cref="LinuxException">The kernel or nft refused; what is up stays up and is closed, not open.</exception>
    public IReadOnlyList<string> Apply(IReadOnlyList<ProtectedSelector> selectors, IEnumerable<FlowKey> held)
    {
        lock (_lock)
        {
            using var netlink = new NetlinkSocket(NetlinkAbi.Route);
            List<string> repaired = [];
            if (!_isUp)
            {
                repaired = Leftovers.Describe(netlink, settings);
                (_isUp, WasUp) = (true, repaired.Count > 0);
            }

            _selectors = selectors;
            _held = held.ToHashSet();
            var clear = ReadClearFlows();
            Nft.Run(FilterPlan.Replace(selectors, clear, _held, ReadCounters() ?? new FilterCounters(0, 0, 0, 0), settings));
            LeftInClear = clear;
            foreach (var v6 in Families())
            {
                new Routes(netlink, v6).Put(MirrorPlan.Barrier(v6, settings));
                ChangeRules(netlink, v6);
                ChangeRoutes(netlink, v6);
            }

            return repaired;
        }
    }

    /// <summary>
    /// The flows that went in clear when <see cref="Apply"/> was last called, and still may: they went on without a gap.
    /// After a daemon was killed it is the kernel alone that knows them.
    /// </summary>
    public IReadOnlyList<FlowKey> LeftInClear { get; private set; } = [];

    /// <summary>Whether something of ours was up before the first <see cref="Apply"/>.</summary>
    public bool WasUp { get; private set; }

    /// <summary>Lets a flow go in clear, past the TUN device, or ends that; nothing changes for one that is so already.</summary>
    /// <exception cref="LinuxException">The kernel refused: the filter is gone, or holds too many flows.</exception>
    public void ChangeClearFlow(FlowKey flow, bool open)
    {
        lock (_lock)
        {
            _netfilter ??= new NetlinkSocket(NetlinkAbi.Netfilter);
            var set = FlowSet.Clear(flow.Local.IsV6);
            var error = open ? set.Add(_netfilter, flow, settings) : set.Remove(_netfilter, flow, settings);
            if (error != 0)
            {
                throw new LinuxException($"cannot {(open ? "let" : "stop")} {flow} {(open ? "go" : "going")} in clear (nftables)", error);
            }
        }
    }

    /// <summary>Holds these flows instead of those held so far; see <see cref="Apply"/>.</summary>
    /// <exception cref="LinuxException">The kernel or nft refused; what is up stays up and is closed, not open.</exception>
    public void Hold(IReadOnlyCollection<FlowKey> flows)
    {
        lock (_lock)
        {
            if (!_held.SetEquals(flows))
            {
                Apply(_selectors, flows);
            }
        }
    }

    /// <summary>Which of these flows an earlier run that was killed or stopped still keeps inside.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static IReadOnlyCollection<FlowKey> KeptInside(IEnumerable<FlowKey> flows, ProtectionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var netlink = new NetlinkSocket(NetlinkAbi.Route);
        var rules = Families().SelectMany(v6 => new Rules(netlink, v6).List()).Where(r => r is { Owner: Owner.Number, Table: { } table } && table != settings.LostAddressTable).ToList();
        return [.. flows.Where(flow => rules.Exists(rule => rule.Covers(flow)))];
    }

    /// <summary>Follows changes of the host's routes, addresses and interfaces; for <see cref="NetworkMonitor"/>.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void FollowRoutes()
    {
        lock (_lock)
        {
            if (!_isUp)
            {
                return;
            }

            using var netlink = new NetlinkSocket(NetlinkAbi.Route);
            foreach (var v6 in Families())
            {
                ChangeRoutes(netlink, v6);
            }
        }
    }

    /// <summary>
    /// The kernel learnt that the path to a peer takes less than its interface does: sockets learn it from a route to
    /// this peer alone, and from those into tunnels to it. They stay as long as the kernel remembers, to be looked at with every
    /// change of routes.
    /// </summary>
    /// <remarks>
    /// An ICMP error into the TUN device will not do with IPv4: the kernel notes its MTU at the route it finds without
    /// looking at ports. That is no route of ours but the one of the outer packets, which then shrink for ever while
    /// the socket learns nothing.
    /// </remarks>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void NarrowPath(InetAddress peer)
    {
        lock (_lock)
        {
            if (_isUp)
            {
                _narrow.Add(peer);
                using var netlink = new NetlinkSocket(NetlinkAbi.Route);
                foreach (var v6 in Families())
                {
                    // A tunnel to the peer may carry the other family.
                    ChangeRoutes(netlink, v6);
                }
            }
        }
    }

    /// <summary>A tunnel goes between other ends now: the route into it carries the MTU of the way there.</summary>
    /// <param name="path"><see cref="ProtectedSelector.Tunnel"/></param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void FollowTunnel(AddressPair path, AddressPair ends)
    {
        lock (_lock)
        {
            _moved[path] = ends;
            FollowRoutes();
        }
    }

    /// <summary>
    /// What comes out of the TUN device for these addresses, which the host has lost, still reaches the sockets that are
    /// bound to them; and whatever these sockets send goes into it. Others than those named so far are foreign again.
    /// </summary>
    /// <remarks>Only for the TUN device: to the network the host does not own them, and answers nobody who asks for them.</remarks>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void DeliverToLost(IReadOnlyCollection<InetAddress> addresses)
    {
        lock (_lock)
        {
            _lost = addresses;
            if (_isUp)
            {
                using var netlink = new NetlinkSocket(NetlinkAbi.Route);
                foreach (var v6 in Families())
                {
                    // Rules last: one whose table is empty falls through to the next.
                    ChangeRoutes(netlink, v6);
                    ChangeRules(netlink, v6);
                }
            }
        }
    }

    /// <summary>Takes away exactly what is ours. Protected traffic flows in clear afterwards.</summary>
    /// <exception cref="LinuxException">The kernel or nft refused.</exception>
    public void Remove()
    {
        lock (_lock)
        {
            _isUp = false;
            _selectors = [];
            _held = FrozenSet<FlowKey>.Empty;
            _lost = [];
            RemoveAll(settings);
        }
    }

    /// <summary>Lets go of the kernel; what is up stays up.</summary>
    public void Dispose() => _netfilter?.Dispose();

    /// <summary>As <see cref="Remove"/>, for what an earlier run left; needs no device.</summary>
    public static void RemoveAll(ProtectionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var netlink = new NetlinkSocket(NetlinkAbi.Route);
        foreach (var v6 in Families())
        {
            ChangeRules(new Rules(netlink, v6), []);
            var routes = new Routes(netlink, v6);
            foreach (var route in routes.List().Where(r => r.Protocol == Owner.Number))
            {
                routes.Delete(route);
            }
        }

        Nft.Run(FilterPlan.Remove(settings));
    }

    /// <summary>What the filter dropped; null when it is not up.</summary>
    public FilterCounters? ReadCounters()
    {
        if (Nft.List("counters", "table", "inet", settings.FilterTable) is not { } list)
        {
            return null;
        }

        ulong Packets(string name) => list
            .Select(item => item?["counter"])
            .FirstOrDefault(counter => (string?)counter?["name"] == name)?["packets"]?.GetValue<ulong>() ?? 0;
        return new FilterCounters(
            Packets(FilterPlan.ClearIn), Packets(FilterPlan.ClearOut), Packets(FilterPlan.ErrorIn), Packets(FilterPlan.ErrorOut));
    }

    /// <summary>IPv6 is left out where the kernel does not have it.</summary>
    internal static bool[] Families() => Directory.Exists("/proc/sys/net/ipv6") ? [false, true] : [false];

    private List<FlowKey> ReadClearFlows()
    {
        var may = _selectors.Where(s => s.MayBeClear).ToList();
        return may.Count == 0 ? [] : [.. from v6 in (bool[])[false, true]
                                        from flow in FlowSet.Clear(v6).Read(settings)
                                        where may.Exists(s => s.Covers(flow))
                                        select flow];
    }

    private static void ChangeRules(Rules rules, List<RuleInfo> wanted)
    {
        var present = rules.List().Where(r => r.Owner == Owner.Number).ToList();

        // A packet that meets no rule in between would leave by another device: the filter, changed before, drops it.
        var (keep, add) = (wanted.ToHashSet(), wanted.Except(present).ToList());
        foreach (var rule in present.Where(r => !keep.Contains(r)))
        {
            rules.Delete(rule);
        }

        foreach (var rule in add)
        {
            rules.Add(rule);
        }
    }

    private void ChangeRules(NetlinkSocket netlink, bool v6) =>
        ChangeRules(new Rules(netlink, v6), RulePlan.For(v6, _selectors, _held, _lost, settings));

    private ProtectedSelector Now(ProtectedSelector selector) => selector.Tunnel is { } path && _moved.TryGetValue(path, out var ends) ? selector with { Tunnel = ends } : selector;

    private void ChangeRoutes(NetlinkSocket netlink, bool v6)
    {
        var routes = new Routes(netlink, v6);
        var all = routes.List();
        var mtus = new Links(netlink).List().ToDictionary(link => link.Index, link => link.Mtu);
        var barrier = MirrorPlan.Barrier(v6, settings);
        var wanted = MirrorPlan.For(
            v6,
            [.. _selectors.Select(Now), .. _held.Select(ProtectedSelector.Of)],
            all,
            address => new Routes(netlink, address.IsV6).Resolve(address, settings.Mark),
            index => mtus.GetValueOrDefault(index, 1500),
            innerMtu,
            deviceIndex,
            settings);
        foreach (var peer in _narrow.Where(p => p.IsV6 == v6).ToList())
        {
            if (routes.Resolve(peer, settings.Mark) is { Mtu: > 0 } way)
            {
                var route = MirrorPlan.Narrow(peer, way, innerMtu, deviceIndex, settings);
                wanted.RemoveAll(w => w.SamePlace(route));
                wanted.Add(route);
            }
            else
            {
                _narrow.Remove(peer);
            }
        }

        wanted.AddRange(LostAddressPlan.Routes(v6, _lost, deviceIndex, settings));
        var present = all.Where(r => r.Protocol == Owner.Number).ToList();
        foreach (var route in wanted.Where(r => !present.Contains(r)))
        {
            routes.Put(route);
        }

        foreach (var route in present.Where(p => !p.SamePlace(barrier) && !wanted.Exists(w => w.SamePlace(p))))
        {
            routes.Delete(route);
        }
    }
}
