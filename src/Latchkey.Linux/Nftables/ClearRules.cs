using System.Text.Json.Nodes;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using static Latchkey.Linux.Nftables.NftExpression;

namespace Latchkey.Linux.Nftables;

/// <summary>
/// The rules that carry single flows in clear. A flow in the set gets our mark on its way out, so that routing sends it by
/// the host's own routes, and passes on its way in. A SYN never does: it goes through the TUN device, or is shown to the
/// daemon and dropped. So no connection begins in clear unasked, and none at all while there is no daemon.
/// </summary>
internal static class ClearRules
{
    /// <summary>Copies a second at most: enough for many hosts that come at once, and little to be flooded with.</summary>
    private const int KnocksPerSecond = 100;

    private const uint SynAndAck = 0x12;
    private const int Syn = 0x02;

    /// <summary>Marks must be set before the route is chosen for good: behind the mangle priority of others.</summary>
    private const int MarkPriority = -149;

    public static IEnumerable<JsonObject> Sets(IReadOnlyCollection<FlowKey> flows, ProtectionSettings settings)
    {
        foreach (var v6 in (bool[])[false, true])
        {
            var set = FlowSet.Clear(v6);
            yield return set.Declare(settings);
            if (set.Fill([.. flows.Where(f => f.Local.IsV6 == v6)], settings) is { } fill)
            {
                yield return fill;
            }
        }
    }

    public static JsonObject Chain(ProtectionSettings settings) => new()
    {
        ["family"] = "inet",
        ["table"] = settings.FilterTable,
        ["name"] = "clear",
        ["type"] = "route",
        ["hook"] = "output",
        ["prio"] = MarkPriority,
        ["policy"] = "accept",
    };

    public static void Pass(Action<string, IEnumerable<JsonObject>> rule, ProtectionSettings settings)
    {
        foreach (var v6 in (bool[])[false, true])
        {
            foreach (var carried in (JsonObject[])[Match(Meta("l4proto"), (int)IpProtocol.Udp), Match(TcpFlags, Syn, "!=")])
            {
                rule("clear", [carried.DeepClone().AsObject(), FlowSet.Clear(v6).Holds(arriving: false), SetMark(settings.Mark)]);
                rule("input", [carried.DeepClone().AsObject(), FlowSet.Clear(v6).Holds(arriving: true), Accept]);
            }
        }
    }

    /// <summary>Shows the daemon what begins a flow: a SYN, or a datagram of a flow that is not in the set.</summary>
    public static IEnumerable<JsonObject> Knock(ProtectedSelector selector, ProtectionSettings settings) =>
    [
        .. selector.Protocol == IpProtocol.Tcp ? [Match(TcpFlags, Syn)] : Array.Empty<JsonObject>(),
        .. Copy(settings.KnockGroup, KnocksPerSecond),
    ];

    /// <summary>SYN and ACK of a TCP segment; no other packet has them.</summary>
    private static JsonObject TcpFlags => And(Field("tcp", "flags"), SynAndAck);
}
