using System.Runtime.InteropServices;
using Latchkey.Linux.Native;
using Latchkey.Wire;

namespace Latchkey.Linux.Netlink;

/// <summary>A routing rule (ip-rule(8)). What is null is not looked at.</summary>
/// <param name="Owner">The protocol number of who made it (<c>protocol</c> of ip-rule).</param>
internal sealed record RuleInfo(uint Priority, byte Owner)
{
    /// <summary>The table looked up; null when the rule jumps or does nothing.</summary>
    public uint? Table { get; init; }

    /// <summary>The priority of the rule to go on with.</summary>
    public uint? Goto { get; init; }

    /// <summary>Inverts all that is looked at, together.</summary>
    public bool Not { get; init; }

    public uint? Mark { get; init; }

    public string? InputInterface { get; init; }

    public InetPrefix? Source { get; init; }

    /// <summary>
    /// A source that is not chosen yet fits as well if the kernel would choose one within <see cref="Source"/>. For IPv6, where
    /// it fits no source at all otherwise.
    /// </summary>
    public bool FindSource { get; init; }

    public InetPrefix? Destination { get; init; }

    public IpProtocol? Protocol { get; init; }

    public (ushort Start, ushort End)? SourcePorts { get; init; }

    public (ushort Start, ushort End)? DestinationPorts { get; init; }

    /// <summary>What is looked at of a packet of a flow, on its way out, fits.</summary>
    public bool Covers(FlowKey flow) =>
        (Protocol is null || Protocol == flow.Protocol)
        && (Source?.Contains(flow.Local) ?? true) && (Destination?.Contains(flow.Remote) ?? true)
        && In(SourcePorts, flow.LocalPort) && In(DestinationPorts, flow.RemotePort);

    private static bool In((ushort Start, ushort End)? range, ushort port) => range is not { } r || (port >= r.Start && port <= r.End);
}

/// <summary>Rules of one family through RTM_*RULE.</summary>
internal sealed class Rules(NetlinkSocket netlink, bool v6)
{
    private const uint Invert = 0x2;

    /// <summary>FIB_RULE_FIND_SADDR</summary>
    private const uint ChooseSource = 0x10000;

    private byte Family => (byte)(v6 ? Socket.FamilyInet6 : Socket.FamilyInet);

    public List<RuleInfo> List()
    {
        var result = new List<RuleInfo>();
        netlink.Dump(
            MessageBuilder.Request(Rtnetlink.GetRule, 0, new RuleMessage { Family = Family }), "cannot list the routing rules", result.Clear, (type, body) =>
            {
                if (type == Rtnetlink.NewRule && TryRead(body) is { } rule)
                {
                    result.Add(rule);
                }
            });
        return result;
    }

    public void Add(RuleInfo rule) =>
        netlink.Do(
            Build(Rtnetlink.NewRule, NetlinkAbi.FlagCreate | NetlinkAbi.FlagExclusive, rule), $"cannot add the routing rule with priority {rule.Priority}");

    /// <summary>Deletes a rule; one that is gone already is no error.</summary>
    public void Delete(RuleInfo rule) => netlink.TryDo(Build(Rtnetlink.DeleteRule, 0, rule));

    private MessageBuilder Build(ushort type, ushort flags, RuleInfo rule)
    {
        var request = MessageBuilder
            .Request(type, flags, new RuleMessage
            {
                Family = Family,
                DestinationLength = (byte)(rule.Destination?.Length ?? 0),
                SourceLength = (byte)(rule.Source?.Length ?? 0),
                Action = rule.Table is not null ? Rtnetlink.RuleToTable : rule.Goto is not null ? Rtnetlink.RuleGotoRule : Rtnetlink.RuleNothing,
                Flags = (rule.Not ? Invert : 0) | (rule.FindSource ? ChooseSource : 0),
            })
            .Put(Rtnetlink.RulePriority, rule.Priority)
            .Put(Rtnetlink.RuleProtocol, rule.Owner);
        if (rule.Table is { } table)
        {
            request.Put(Rtnetlink.RuleTable, table);
        }

        if (rule.Goto is { } target)
        {
            request.Put(Rtnetlink.RuleGoto, target);
        }

        if (rule.Mark is { } mark)
        {
            request.Put(Rtnetlink.RuleMark, mark).Put(Rtnetlink.RuleMarkMask, uint.MaxValue);
        }

        if (rule.InputInterface is { } name)
        {
            request.Put(Rtnetlink.RuleInputInterface, name);
        }

        if (rule.Source is { } source)
        {
            request.Put(Rtnetlink.RuleSource, source.Address);
        }

        if (rule.Destination is { } destination)
        {
            request.Put(Rtnetlink.RuleDestination, destination.Address);
        }

        if (rule.Protocol is { } protocol)
        {
            request.Put(Rtnetlink.RuleIpProtocol, (byte)protocol);
        }

        if (rule.SourcePorts is { } from)
        {
            request.Put(Rtnetlink.RuleSourcePorts, new RulePortRange { Start = from.Start, End = from.End });
        }

        if (rule.DestinationPorts is { } to)
        {
            request.Put(Rtnetlink.RuleDestinationPorts, new RulePortRange { Start = to.Start, End = to.End });
        }

        return request;
    }

    private RuleInfo? TryRead(ReadOnlySpan<byte> body)
    {
        if (!AttributeReader.TrySplit<RuleMessage>(body, out var message, out var attributes) || message.Family != Family)
        {
            return null;
        }

        var rule = new RuleInfo(0, 0)
        {
            Not = (message.Flags & Invert) != 0,
            FindSource = (message.Flags & ChooseSource) != 0,
            Table = message.Action == Rtnetlink.RuleToTable ? message.Table : null,
        };
        while (attributes.TryNext(out var type, out var value))
        {
            rule = type switch
            {
                Rtnetlink.RulePriority => rule with { Priority = AttributeValue.ToUInt32(value) },
                Rtnetlink.RuleProtocol => rule with { Owner = AttributeValue.ToByte(value) },
                Rtnetlink.RuleTable when message.Action == Rtnetlink.RuleToTable => rule with { Table = AttributeValue.ToUInt32(value) },
                Rtnetlink.RuleGoto => rule with { Goto = AttributeValue.ToUInt32(value) },
                Rtnetlink.RuleMark => rule with { Mark = AttributeValue.ToUInt32(value) },
                Rtnetlink.RuleInputInterface => rule with { InputInterface = AttributeValue.ToText(value) },
                Rtnetlink.RuleSource => rule with { Source = ToPrefix(value, message.SourceLength) },
                Rtnetlink.RuleDestination => rule with { Destination = ToPrefix(value, message.DestinationLength) },
                Rtnetlink.RuleIpProtocol => rule with { Protocol = (IpProtocol)AttributeValue.ToByte(value) },
                Rtnetlink.RuleSourcePorts => rule with { SourcePorts = ToPorts(value) },
                Rtnetlink.RuleDestinationPorts => rule with { DestinationPorts = ToPorts(value) },
                _ => rule,
            };
        }

        return rule;
    }

    private static InetPrefix? ToPrefix(ReadOnlySpan<byte> value, byte length) =>
        AttributeValue.ToAddress(value) is { } address && length <= address.BitLength ? new InetPrefix(address, length) : null;

    private static (ushort Start, ushort End)? ToPorts(ReadOnlySpan<byte> value) =>
        MemoryMarshal.TryRead<RulePortRange>(value, out var range) ? (range.Start, range.End) : null;
}
