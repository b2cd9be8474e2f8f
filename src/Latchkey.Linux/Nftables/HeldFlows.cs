using System.Text.Json.Nodes;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using static Latchkey.Linux.Nftables.NftExpression;

namespace Latchkey.Linux.Nftables;

/// <summary>
/// Keeps single flows from passing in clear: one set of 5-tuples a family, so that a packet is looked up once however many
/// there are.
/// </summary>
internal static class HeldFlows
{
    public static IEnumerable<JsonObject> Set(bool v6, IEnumerable<FlowKey> flows, ProtectionSettings settings)
    {
        var set = FlowSet.Held(v6);
        yield return set.Declare(settings);
        if (set.Fill([.. flows.Where(flow => flow.Local.IsV6 == v6)], settings) is { } fill)
        {
            yield return fill;
        }
    }

    /// <summary>The rules with their chains. ICMP errors are known by the addresses they quote: one too many is dropped, never one too few.</summary>
    public static IEnumerable<(string Chain, IEnumerable<JsonObject> Statements)> Rules(bool v6, IEnumerable<FlowKey> flows, ProtectionSettings settings)
    {
        // A held flow may be one that this host forwards.
        yield return ("forward", [Match(Meta("iifname"), settings.Device, "!="), FlowSet.Held(v6).Holds(arriving: true), Count(FilterPlan.ClearIn), Drop]);
        yield return ("forward", [Match(Meta("oifname"), settings.Device, "!="), FlowSet.Held(v6).Holds(arriving: false), Count(FilterPlan.ClearOut), Drop]);
        yield return ("input", [FlowSet.Held(v6).Holds(arriving: true), Count(FilterPlan.ClearIn), Drop]);
        yield return ("output", [FlowSet.Held(v6).Holds(arriving: false), Count(FilterPlan.ClearOut), Drop]);
        foreach (var pair in flows.Where(flow => flow.Local.IsV6 == v6).Select(AddressPair.Of).Distinct())
        {
            var between = new ProtectedSelector(InetPrefix.Of(pair.Local), InetPrefix.Of(pair.Remote), null, PortSpan.Any, PortSpan.Any);
            foreach (var quote in QuotedPacket.Matches(v6, between, quotesOurs: true))
            {
                yield return ("input", [.. quote, Count(FilterPlan.ErrorIn), Drop]);
            }

            foreach (var quote in QuotedPacket.Matches(v6, between, quotesOurs: false))
            {
                yield return ("output", [.. quote, Count(FilterPlan.ErrorOut), Drop]);
            }
        }
    }
}
