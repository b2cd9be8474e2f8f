using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>One PROTECT entry of the SPD: which flows are protected, and how they are treated (RFC 4301 §4.4.1).</summary>
public sealed record ProtectEntry
{
    public required string Name { get; init; }

    /// <summary>Our addresses; null is any, of both families.</summary>
    public InetPrefix? Local { get; init; }

    /// <summary>The peers' addresses; null is any, of both families.</summary>
    public InetPrefix? Remote { get; init; }

    /// <summary>
    /// The outer addresses, ours and the peer's, of an entry in tunnel mode: <see cref="Local"/> and <see cref="Remote"/> are
    /// inner addresses then, and both are set. Null in transport mode, where a flow's own addresses are the outer ones.
    /// </summary>
    public AddressPair? Tunnel { get; init; }

    /// <summary>
    /// What this host forwards between <see cref="Local"/> and <see cref="Remote"/> is protected too; null: it is dropped. In
    /// tunnel mode only.
    /// </summary>
    public Forwarding? Forwarding { get; init; }

    /// <summary>Where else our end of a tunnel that <see cref="AddressPair.Moves"/> may be, best first.</summary>
    public ImmutableArray<InetAddress> OtherLocal { get; init; } = [];

    /// <summary>Where else the peer's end may be.</summary>
    public ImmutableArray<InetPrefix> OtherRemote { get; init; } = [];

    public SaMode Mode => Tunnel is null ? SaMode.Transport : SaMode.Tunnel;

    /// <summary>The protocol; null is any.</summary>
    public IpProtocol? Protocol { get; init; }

    /// <summary>
    /// Port pairs, any of which may match: one for <c>local_port</c> and <c>remote_port</c>, two for <c>port</c>, which
    /// means "on either side" and cannot be said with one pair of traffic selectors.
    /// </summary>
    public ImmutableArray<PortPair> Ports { get; init; } = [PortPair.Any];

    public TrustLevel Trust { get; init; } = TrustLevel.FirstUse;

    /// <summary>What the owner of a broken latch is told; null is the protocol's default (RFC 5660 §5.5).</summary>
    public Disposition? OnBreak { get; init; }

    /// <summary>What follows when a peer just falls silent.</summary>
    public Reaction OnSilence { get; init; } = Reaction.Wait;

    /// <summary>What follows when a refused stranger answers in a silent peer's place.</summary>
    public Reaction OnStranger { get; init; } = Reaction.Wait;

    /// <summary>What becomes of a latch of this entry when the policy is changed and contradicts it.</summary>
    public PolicyChangeReaction OnPolicyChange { get; init; } = PolicyChangeReaction.Break;

    /// <summary>Reach hosts that never spoke IKE in clear.</summary>
    public bool ClearUntilIpsec { get; init; }

    public EncapsulationChoice Encapsulation { get; init; } = EncapsulationChoice.Auto;

    /// <summary>What ESP may encrypt with, best first; empty: whatever this host has.</summary>
    public ImmutableArray<AeadAlgorithm> Encryption { get; init; } = [];

    /// <summary>BTNS peers may use this entry (RFC 5386 §2, B8).</summary>
    public bool BtnsOk => Trust != TrustLevel.Known;

    /// <summary>Stands for the entry that an earlier run knew and this one does not.</summary>
    public static ProtectEntry Gone(FlowKey flow) => new()
    {
        Name = "(gone)",
        Local = InetPrefix.Of(flow.Local),
        Remote = InetPrefix.Of(flow.Remote),
        Protocol = flow.Protocol,
        Ports = [new PortPair(new PortRange(flow.LocalPort, flow.LocalPort), new PortRange(flow.RemotePort, flow.RemotePort))],
    };

    public bool Covers(FlowKey flow) => PairFor(flow) is not null;

    /// <summary>Between which outer addresses a flow of the entry travels: where its peer is met.</summary>
    public AddressPair PathOf(FlowKey flow) => Tunnel ?? AddressPair.Of(flow);

    /// <summary>IKE SAs on this path may make Child SAs for the entry.</summary>
    public bool MayMeet(AddressPair path) => Tunnel is { } tunnel ? tunnel == path : !path.Moves && CoversAddresses(path.Local, path.Remote);

    /// <summary>The entry's path may have these ends at a time.</summary>
    public bool MayBeBetween(AddressPair ends) => Tunnel is { Moves: true } tunnel
        ? ends.Local.IsV4 == ends.Remote.IsV4 && (tunnel.Local == ends.Local || OtherLocal.Contains(ends.Local)) && (tunnel.Remote == ends.Remote || OtherRemote.Any(prefix => prefix.Contains(ends.Remote)))
        : MayMeet(ends);

    /// <summary>The path of the entry that has these ends.</summary>
    public AddressPair PathBetween(AddressPair ends) => Tunnel ?? ends;

    /// <summary>Flows between these two addresses may be the entry's.</summary>
    public bool CoversAddresses(InetAddress local, InetAddress remote) =>
        local.IsV4 == remote.IsV4 && (Local?.Contains(local) ?? true) && (Remote?.Contains(remote) ?? true);

    /// <summary>Why a quality of protection is not what the entry demands; null: it is.</summary>
    public string? ObjectionTo(QualityOfProtection quality)
    {
        ArgumentNullException.ThrowIfNull(quality);
        return Encryption.IsEmpty || Encryption.Contains(quality.Encryption)
            ? null
            : $"[[protect]] \"{Name}\" wants ESP with {string.Join(" or ", Encryption)}, not with {quality.Encryption}";
    }

    /// <summary>A socket that listens there may accept connections that the entry covers.</summary>
    public bool MayAccept(ListenerKey key) =>
        (Protocol is null || Protocol == key.Protocol)
        && (key.Local.IsUnspecified || (Local?.Contains(key.Local) ?? true))
        && Ports.Any(pair => pair.Local.Contains(key.LocalPort));

    /// <summary>The disposition of a flow of this entry when its latch breaks.</summary>
    public Disposition DispositionFor(IpProtocol protocol) =>
        OnBreak ?? (protocol == IpProtocol.Tcp ? Disposition.Close : Disposition.Failover);

    /// <summary>
    /// The selectors to negotiate for a flow: the entry's ports, the flow's own addresses ("populate from packet" for
    /// addresses, RFC 4301 §4.4.1; all of the entry's addresses in tunnel mode), so that one Child SA serves all flows of the
    /// entry with that peer.
    /// </summary>
    public SelectorSet? SelectorsFor(FlowKey flow) =>
        PairFor(flow) is { } pair ? Selectors(AddressPair.Of(flow), pair) : null;

    /// <summary>The selectors of every port pair that a peer on a path may have.</summary>
    public ImmutableArray<SelectorSet> SelectorsOn(AddressPair path) => MayMeet(path) ? [.. Ports.Select(pair => Selectors(path, pair))] : [];

    private PortPair? PairFor(FlowKey flow)
    {
        if (!CoversAddresses(flow.Local, flow.Remote) || (Protocol is { } p && p != flow.Protocol))
        {
            return null;
        }

        foreach (var pair in Ports)
        {
            if (pair.Local.Contains(flow.LocalPort) && pair.Remote.Contains(flow.RemotePort))
            {
                return pair;
            }
        }

        return null;
    }

    private SelectorSet Selectors(AddressPair addresses, PortPair pair)
    {
        var local = Tunnel is null ? InetPrefix.Of(addresses.Local) : Local!.Value;
        var remote = Tunnel is null ? InetPrefix.Of(addresses.Remote) : Remote!.Value;
        var protocol = Protocol is { } p ? (byte)p : TrafficSelector.AnyProtocol;
        return SelectorSet.Of(
            TrafficSelector.For(local, protocol, pair.Local.Start, pair.Local.End),
            TrafficSelector.For(remote, protocol, pair.Remote.Start, pair.Remote.End));
    }
}

/// <summary>Ports from <paramref name="Start"/> to <paramref name="End"/>, both included.</summary>
public readonly record struct PortRange(ushort Start, ushort End)
{
    public static PortRange Any => new(0, ushort.MaxValue);

    public bool IsAny => this == Any;

    public bool Contains(ushort port) => port >= Start && port <= End;

    public override string ToString() => IsAny ? "any" : Start == End ? $"{Start}" : $"{Start}-{End}";
}

public readonly record struct PortPair(PortRange Local, PortRange Remote)
{
    public static PortPair Any => new(PortRange.Any, PortRange.Any);
}

/// <summary>Whose key may speak for an address of a protect entry.</summary>
public enum TrustLevel
{
    /// <summary>Any key, for any address that no known peer owns: stand-alone BTNS.</summary>
    Anyone,

    /// <summary>The first key seen for an address is pinned.</summary>
    FirstUse,

    /// <summary>Only peers of the PAD's known entries.</summary>
    Known,
}

/// <summary>What the owner of a broken latch is told (RFC 5660 §5.5).</summary>
public enum Disposition
{
    /// <summary>Nothing: the purist's packet loss.</summary>
    Wait,

    /// <summary>As if a RST or ABORT had come.</summary>
    Close,

    /// <summary>As if a destination unreachable had come.</summary>
    Failover,
}

public enum Reaction
{
    Wait,
    Close,
}

/// <summary>What a change of policy does to the latches it contradicts.</summary>
public enum PolicyChangeReaction
{
    /// <summary>They break (RFC 5660 L29).</summary>
    Break,

    /// <summary>They stay, each with its own policy, until their connections end (RFC 5660 L30).</summary>
    Keep,
}

public enum EncapsulationChoice
{
    /// <summary>UDP: it crosses NATs and the kernel segments it.</summary>
    Auto,
    Udp,
    Esp,
}
