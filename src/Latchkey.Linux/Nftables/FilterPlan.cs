using System.Text.Json.Nodes;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using static Latchkey.Linux.Nftables.NftExpression;

namespace Latchkey.Linux.Nftables;

/// <summary>
/// Our nftables table: clear packets of protected traffic are dropped, in both directions, and so are the ICMP errors
/// that quote it. It stays when the daemon is killed.
/// </summary>
/// <remarks>
/// In: a clear packet must not reach a protected socket, whoever sent it; and a forged ICMP error must not either (a
/// connected UDP socket would report ECONNREFUSED). Out: routing alone would do, but an administrator's change of rules
/// must not open a gap; and the kernel's own ICMP errors quote octets of what was decrypted.
/// </remarks>
internal static class FilterPlan
{
    public const string ClearIn = "clear_in";
    public const string ClearOut = "clear_out";
    public const string ErrorIn = "error_in";
    public const string ErrorOut = "error_out";

    /// <summary>Commands that put the table there as wanted, whatever was there before, in one transaction.</summary>
    /// <param name="clear">Flows that go in clear and go on doing so.</param>
    /// <param name="held">Flows that no selector covers and that must not leave in clear either.</param>
    /// <param name="counted">What the counters go on from.</param>
    public static List<JsonObject> Replace(
        IReadOnlyList<ProtectedSelector> selectors, IReadOnlyCollection<FlowKey> clear, IReadOnlyCollection<FlowKey> held, FilterCounters counted, ProtectionSettings settings)
    {
        var commands = Remove(settings);
        commands.Add(Add("table", Table(settings)));
        foreach (var (counter, packets) in ((string, ulong)[])
            [(ClearIn, counted.ClearIn), (ClearOut, counted.ClearOut), (ErrorIn, counted.ErrorsIn), (ErrorOut, counted.ErrorsOut)])
        {
            commands.Add(Add("counter", new JsonObject
            {
                ["family"] = "inet",
                ["table"] = settings.FilterTable,
                ["name"] = counter,
                ["packets"] = packets,
                ["bytes"] = 0,
            }));
        }

        foreach (var chain in (string[])["input", "output", "forward"])
        {
            commands.Add(Add("chain", new JsonObject
            {
                ["family"] = "inet",
                ["table"] = settings.FilterTable,
                ["name"] = chain,
                ["type"] = "filter",
                ["hook"] = chain,
                ["prio"] = 0,
                ["policy"] = "accept",
            }));
        }

        void Rule(string chain, params IEnumerable<JsonObject> statements) => commands.Add(Add("rule", new JsonObject
        {
            ["family"] = "inet",
            ["table"] = settings.FilterTable,
            ["chain"] = chain,
            ["expr"] = new JsonArray([.. statements]),
        }));

        PassInput(Rule, settings);
        PassOutput(Rule, settings);
        if (selectors.Any(s => s.MayBeClear))
        {
            commands.AddRange(ClearRules.Sets(clear, settings));
            commands.Add(Add("chain", ClearRules.Chain(settings)));
            ClearRules.Pass(Rule, settings);
        }

        foreach (var v6 in (bool[])[false, true])
        {
            commands.AddRange(HeldFlows.Set(v6, held, settings));
            foreach (var (chain, statements) in HeldFlows.Rules(v6, held, settings))
            {
                Rule(chain, statements);
            }

            foreach (var selector in selectors.Where(s => s.Concerns(v6)).SelectMany(s => s.ByProtocol()))
            {
                foreach (var quote in QuotedPacket.Matches(v6, selector, quotesOurs: true))
                {
                    Rule("input", [.. quote, Count(ErrorIn), Drop]);
                }

                foreach (var quote in QuotedPacket.Matches(v6, selector, quotesOurs: false))
                {
                    Rule("output", [.. quote, Count(ErrorOut), Drop]);
                }

                if (selector.MayBeClear)
                {
                    Rule("input", [.. Packet(v6, selector, arriving: true), .. ClearRules.Knock(selector, settings)]);
                }

                Rule("input", [.. Packet(v6, selector, arriving: true), Count(ClearIn), Drop]);
                Rule("output", [.. Packet(v6, selector, arriving: false), Count(ClearOut), Drop]);
                if (selector.Tunnel is not null)
                {
                    KeepInside(Rule, v6, selector, settings);
                }
            }
        }

        return commands;
    }

    /// <summary>Commands that take the table away, whether it is there or not.</summary>
    public static List<JsonObject> Remove(ProtectionSettings settings) =>
        [Add("table", Table(settings)), new JsonObject { ["delete"] = new JsonObject { ["table"] = Table(settings) } }];

    /// <summary>
    /// Inner addresses may be others' than this host's. What is forwarded between them goes through the tunnel or nowhere,
    /// and neither do errors that quote it come or go beside it.
    /// </summary>
    private static void KeepInside(Action<string, IEnumerable<JsonObject>> rule, bool v6, ProtectedSelector selector, ProtectionSettings settings)
    {
        JsonObject[] Beside(string interfaceName) => selector.IsForwarded ? [Match(Meta(interfaceName), settings.Device, "!=")] : [];
        rule("forward", [.. Beside("iifname"), .. Packet(v6, selector, arriving: true), Count(ClearIn), Drop]);
        rule("forward", [.. Beside("oifname"), .. Packet(v6, selector, arriving: false), Count(ClearOut), Drop]);
        if (selector.IsForwarded)
        {
            foreach (var quote in QuotedPacket.Matches(v6, selector, quotesOurs: true))
            {
                rule("forward", [.. Beside("iifname"), .. quote, Count(ErrorIn), Drop]);
            }

            foreach (var quote in QuotedPacket.Matches(v6, selector, quotesOurs: false))
            {
                rule("forward", [.. Beside("oifname"), .. quote, Count(ErrorOut), Drop]);
            }
        }
    }

    private static void PassInput(Action<string, IEnumerable<JsonObject>> rule, ProtectionSettings settings)
    {
        // What there is most of comes first, and is compared instead of looked up in a set.
        rule("input", [Match(Meta("iifname"), settings.Device), Accept]);
        rule("input", [Match(Meta("l4proto"), (int)IpProtocol.Esp), Accept]);
        rule("input", [Match(Field("udp", "dport"), 4500), Accept]);
        rule("input", [Match(Field("udp", "dport"), 500), Accept]);
        rule("input", [Match(Meta("iifname"), "lo"), Accept]);
        foreach (var quote in QuotedPacket.OfOuter())
        {
            rule("input", [.. quote, Accept]);
        }

        PassUnprotectable("input", rule);
    }

    private static void PassOutput(Action<string, IEnumerable<JsonObject>> rule, ProtectionSettings settings)
    {
        rule("output", [Match(Meta("oifname"), settings.Device), Accept]);
        rule("output", [Match(Meta("mark"), settings.Mark), Accept]);
        rule("output", [Match(Meta("oifname"), "lo"), Accept]);
        PassUnprotectable("output", rule);
    }

    /// <summary>Multicast, which IKE cannot make keys for, and neighbour and multicast listener discovery, without which IPv6 does not work.</summary>
    private static void PassUnprotectable(string chain, Action<string, IEnumerable<JsonObject>> rule)
    {
        rule(chain, [Match(Field("ip", "daddr"), Prefix(new InetPrefix(InetAddress.FromV4(0xe000_0000), 4))), Accept]);
        rule(chain, [Match(Field("ip6", "daddr"), Prefix(new InetPrefix(InetAddress.FromV6((UInt128)0xff << 120), 8))), Accept]);
        rule(chain, [Match(Field("icmpv6", "type"), Set(Range(130, 137), 143)), Accept]);
    }

    private static IEnumerable<JsonObject> Packet(bool v6, ProtectedSelector selector, bool arriving)
    {
        var ip = v6 ? "ip6" : "ip";
        var (source, destination) = arriving ? (selector.Remote, selector.Local) : (selector.Local, selector.Remote);
        var (sourcePorts, destinationPorts) =
            arriving ? (selector.RemotePorts, selector.LocalPorts) : (selector.LocalPorts, selector.RemotePorts);
        yield return Match(Meta("nfproto"), v6 ? "ipv6" : "ipv4");
        if (source is { Length: > 0 })
        {
            yield return Match(Field(ip, "saddr"), Prefix(source.Value));
        }

        if (destination is { Length: > 0 })
        {
            yield return Match(Field(ip, "daddr"), Prefix(destination.Value));
        }

        if (selector.Protocol is { } protocol)
        {
            yield return Match(Meta("l4proto"), (int)protocol);
        }

        if (!sourcePorts.IsAny)
        {
            yield return Match(Field("th", "sport"), Range(sourcePorts.First, sourcePorts.Last));
        }

        if (!destinationPorts.IsAny)
        {
            yield return Match(Field("th", "dport"), Range(destinationPorts.First, destinationPorts.Last));
        }
    }

    private static JsonObject Table(ProtectionSettings settings) => new() { ["family"] = "inet", ["name"] = settings.FilterTable };

    internal static JsonObject Add(string kind, JsonObject what) => new() { ["add"] = new JsonObject { [kind] = what } };
}
