using System.Collections.Immutable;
using System.Globalization;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>TS_UNACCEPTABLE, explained in the words of configurations: ours, and swanctl.conf for other implementations.</summary>
public static class SelectorRefusal
{
    /// <summary>The peer offered what we are not configured for.</summary>
    /// <param name="configured">From our point of view, as <paramref name="offered"/>; the one that comes nearest counts.</param>
    public static Refusal OfTheirs(SelectorSet offered, IEnumerable<SelectorSet> configured)
    {
        ArgumentNullException.ThrowIfNull(offered);
        var nearest = Nearest(offered, configured);
        return nearest is null
            ? new([new Difference("selectors", [offered.ToString()], ["nothing between these addresses"])], [$"here: a [[protect]] that covers {offered}"])
            : new(Differences(offered, nearest), Remedies(ours: nearest, theirs: offered));
    }

    /// <summary>The peer refuses what we offered.</summary>
    /// <param name="configured">What the peer says that it is configured with, from our point of view; null: it does not tell.</param>
    public static Refusal OfOurs(SelectorSet offered, SelectorSet? configured)
    {
        ArgumentNullException.ThrowIfNull(offered);
        return configured is null
            ? new([new Difference("selectors", [offered.ToString()], [])], [$"at the peer, whose log says what it is configured with: {AtPeer(offered)}"])
            : new(Differences(offered, configured), Remedies(ours: offered, theirs: configured));
    }

    /// <summary>Of several sets that which differs least; null when there are none.</summary>
    public static SelectorSet? Nearest(SelectorSet offered, IEnumerable<SelectorSet> configured) =>
        configured.MinBy(set => Parts(offered, set).Count());

    private static ImmutableArray<Difference> Differences(SelectorSet offered, SelectorSet configured)
    {
        ImmutableArray<Difference> parts = [.. Parts(offered, configured).Select(part => new Difference(part.Key, part.Offered, part.Configured))];
        return parts.IsEmpty ? [new Difference("selectors", [offered.ToString()], [configured.ToString()])] : parts;
    }

    private static ImmutableArray<string> Remedies(SelectorSet ours, SelectorSet theirs)
    {
        var lines = Parts(theirs, ours).Select(part => $"{part.Key} = \"{part.Offered[0]}\"").ToList();
        return
        [
            .. lines.Count == 0 ? Enumerable.Empty<string>() : [$"here, in the [[protect]] of these flows: {string.Join(", ", lines)}"],
            $"at the peer: {AtPeer(ours)}",
        ];
    }

    private static string AtPeer(SelectorSet ours) =>
        $"let its policy cover {new SelectorSet(ours.Remote, ours.Local)} (strongSwan: local_ts = {Swan(ours.Remote)}, remote_ts = {Swan(ours.Local)})";

    private static string Swan(ImmutableArray<TrafficSelector> side) => string.Join(",", side);

    /// <summary>The keys of a [[protect]] in which two sets have nothing in common.</summary>
    private static IEnumerable<Part> Parts(SelectorSet offered, SelectorSet configured) =>
    [
        .. Part.Of("local", offered.Local, configured.Local, Address, Addresses),
        .. Part.Of("remote", offered.Remote, configured.Remote, Address, Addresses),
        .. Part.Of("protocol", offered.Local, configured.Local, s => s.Protocol == TrafficSelector.AnyProtocol ? "any" : ((IpProtocol)s.Protocol).ToString().ToLowerInvariant(), Protocols),
        .. Part.Of("local_port", offered.Local, configured.Local, Port, Ports),
        .. Part.Of("remote_port", offered.Remote, configured.Remote, Port, Ports),
    ];

    private static string Address(TrafficSelector s) => s.StartAddress == s.EndAddress ? s.StartAddress.ToString() : $"{s.StartAddress}-{s.EndAddress}";

    private static string Port(TrafficSelector s) =>
        s.IsAnyPort ? "any" : s.StartPort == s.EndPort ? s.StartPort.ToString(CultureInfo.InvariantCulture) : $"{s.StartPort}-{s.EndPort}";

    private static bool Addresses(TrafficSelector a, TrafficSelector b) => a.StartAddress.IsV4 == b.StartAddress.IsV4 && a.StartAddress <= b.EndAddress && b.StartAddress <= a.EndAddress;

    private static bool Protocols(TrafficSelector a, TrafficSelector b) => a.Protocol == b.Protocol || a.Protocol == TrafficSelector.AnyProtocol || b.Protocol == TrafficSelector.AnyProtocol;

    private static bool Ports(TrafficSelector a, TrafficSelector b) => a.StartPort <= b.EndPort && b.StartPort <= a.EndPort;

    private sealed record Part(string Key, ImmutableArray<string> Offered, ImmutableArray<string> Configured)
    {
        public static IEnumerable<Part> Of(
            string key, ImmutableArray<TrafficSelector> offered, ImmutableArray<TrafficSelector> configured, Func<TrafficSelector, string> text, Func<TrafficSelector, TrafficSelector, bool> meet) =>
            offered.Any(a => configured.Any(b => meet(a, b)))
                ? []
                : [new Part(key, [.. offered.Select(text).Distinct()], [.. configured.Select(text).Distinct()])];
    }
}
