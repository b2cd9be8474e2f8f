using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using static Latchkey.Linux.Nftables.NftExpression;

namespace Latchkey.Linux.Nftables;

/// <summary>A set of 5-tuples of one IP version in our table. Single flows come and go by netlink, which costs microseconds where nft(8) costs milliseconds.</summary>
/// <param name="Name">The name of the set.</param>
/// <param name="Size">Flows at most.</param>
internal sealed record FlowSet(string Name, bool V6, int Size)
{
    /// <summary>The flows that go in clear.</summary>
    public static FlowSet Clear(bool v6) => new(v6 ? "clear_v6" : "clear_v4", v6, 1 << 16);

    /// <summary>The flows that must not: as many as there can be latches, for what does not fit would go in clear.</summary>
    public static FlowSet Held(bool v6) => new(v6 ? "held_v6" : "held_v4", v6, 1 << 20);

    public JsonObject Declare(ProtectionSettings settings)
    {
        var address = V6 ? "ipv6_addr" : "ipv4_addr";
        return FilterPlan.Add("set", new JsonObject
        {
            ["family"] = "inet",
            ["table"] = settings.FilterTable,
            ["name"] = Name,
            ["type"] = new JsonArray(address, address, "inet_proto", "inet_service", "inet_service"),
            ["size"] = Size,
        });
    }

    /// <summary>Puts flows in; null when there are none.</summary>
    public JsonObject? Fill(IReadOnlyCollection<FlowKey> flows, ProtectionSettings settings) => flows.Count == 0 ? null : FilterPlan.Add("element", new JsonObject
    {
        ["family"] = "inet",
        ["table"] = settings.FilterTable,
        ["name"] = Name,
        ["elem"] = new JsonArray([.. flows.Take(Size).Select(f => Concat(f.Local.ToString(), f.Remote.ToString(), (int)f.Protocol, (int)f.LocalPort, (int)f.RemotePort))]),
    });

    /// <summary>True for packets of a flow in the set.</summary>
    public JsonObject Holds(bool arriving)
    {
        var ip = V6 ? "ip6" : "ip";
        var (local, remote) = arriving ? ("daddr", "saddr") : ("saddr", "daddr");
        var (localPort, remotePort) = arriving ? ("dport", "sport") : ("sport", "dport");
        return Match(Concat(Field(ip, local), Field(ip, remote), Meta("l4proto"), Field("th", localPort), Field("th", remotePort)), $"@{Name}");
    }

    /// <summary>The flows in the set; none when it does not exist.</summary>
    public IEnumerable<FlowKey> Read(ProtectionSettings settings) =>
        (Nft.List("set", "inet", settings.FilterTable, Name) ?? [])
            .Select(item => item?["set"]?["elem"]?.AsArray()).OfType<JsonArray>()
            .SelectMany(elements => elements).Select(element => TryRead(element?["concat"]?.AsArray())).OfType<FlowKey>();

    /// <returns>An errno; 0 also when the flow was in already.</returns>
    public int Add(NetlinkSocket netlink, FlowKey flow, ProtectionSettings settings) =>
        netlink.TryDoInBatch(Element(NfTables.NewSetElement, NetlinkAbi.FlagCreate, flow, settings), NfTables.Subsystem);

    /// <returns>An errno; 0 also when the flow was not in.</returns>
    public int Remove(NetlinkSocket netlink, FlowKey flow, ProtectionSettings settings) =>
        netlink.TryDoInBatch(Element(NfTables.DeleteSetElement, 0, flow, settings), NfTables.Subsystem) is var error && error == Errno.NoEntry ? 0 : error;

    private static FlowKey? TryRead(JsonArray? parts)
    {
        if (parts is not [{ } local, { } remote, { } protocol, { } localPort, { } remotePort]
            || !InetAddress.TryParse(local.ToString(), out var here) || !InetAddress.TryParse(remote.ToString(), out var there)
            || !ushort.TryParse(localPort.ToString(), out var herePort) || !ushort.TryParse(remotePort.ToString(), out var therePort))
        {
            return null;
        }

        return protocol.ToString() switch
        {
            "tcp" or "6" => new FlowKey(IpProtocol.Tcp, here, herePort, there, therePort),
            "udp" or "17" => new FlowKey(IpProtocol.Udp, here, herePort, there, therePort),
            _ => null,
        };
    }

    private MessageBuilder Element(ushort message, ushort flags, FlowKey flow, ProtectionSettings settings)
    {
        var request = MessageBuilder.Request((ushort)(NfTables.Subsystem << 8 | message), flags, new NetfilterHeader { Family = NfTables.FamilyInet })
            .Put(NfTables.ElementsTable, settings.FilterTable)
            .Put(NfTables.ElementsSet, Name);
        var list = request.BeginNested(NfTables.ElementsList | NetlinkAbi.AttributeNested);
        var element = request.BeginNested(NfTables.ListElement | NetlinkAbi.AttributeNested);
        var key = request.BeginNested(NfTables.ElementKey | NetlinkAbi.AttributeNested);
        request.Put(NfTables.DataValue, Key(flow));
        return request.EndNested(key).EndNested(element).EndNested(list);
    }

    /// <summary>The parts of a concatenation, each filled up to 4 octets, in network byte order.</summary>
    private byte[] Key(FlowKey flow)
    {
        var address = V6 ? 16 : 4;
        var key = new byte[(2 * address) + 12];
        flow.Local.CopyTo(key);
        flow.Remote.CopyTo(key.AsSpan(address));
        var rest = key.AsSpan(2 * address);
        rest[0] = (byte)flow.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(rest[4..], flow.LocalPort);
        BinaryPrimitives.WriteUInt16BigEndian(rest[8..], flow.RemotePort);
        return key;
    }
}
