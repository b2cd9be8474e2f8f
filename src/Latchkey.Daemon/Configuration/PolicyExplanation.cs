using System.Collections.Immutable;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Configuration;

/// <summary>Says in sentences what a configuration means.</summary>
public static class PolicyExplanation
{
    public static IReadOnlyList<string> Of(DaemonConfiguration configuration)
    {
        var policy = configuration.Policy;
        return [.. policy.Protect.Select(Of), .. policy.Peers.Select(Of), "Everything else is bypassed: it travels as if Latchkey were not there."];
    }

    public static string Of(ProtectEntry entry) =>
        $"\"{entry.Name}\" protects {Flows(entry)}. {Trust(entry)}{Encryption(entry)} {Break(entry)}{Forwarding(entry)}{Silence(entry)}{PolicyChange(entry)}{Clear(entry)}";

    /// <summary>For example <c>tcp between any address and 192.0.2.0/24, port 179 on either side</c>.</summary>
    public static string Flows(ProtectEntry entry) =>
        $"{(entry.Protocol is { } p ? p.ToString().ToLowerInvariant() : "every protocol")} between {Address(entry.Local, "any local address")} and {Address(entry.Remote, "any host")}{Ports(entry)}{Tunnel(entry)}";

    private static string Of(KnownPeer peer) => peer.ProvesNothing
        ? $"Whoever is at {string.Join(", ", peer.Addresses)} (\"{peer.Name}\") need prove nothing (NULL, RFC 7619): flows with it are encrypted, and never latched to anybody."
        : $"Only the key {peer.Key} (\"{peer.Name}\") speaks for {string.Join(", ", peer.Addresses)}.";

    private static string Address(InetPrefix? prefix, string any) => prefix?.ToString() ?? any;

    private static string Ports(ProtectEntry entry) => entry.Ports switch
    {
        [{ Local.IsAny: true, Remote.IsAny: true }] => "",
        [{ Local.IsAny: true } pair] => $", remote port {pair.Remote}",
        [{ Remote.IsAny: true } pair] => $", local port {pair.Local}",
        [var pair] => $", local port {pair.Local} and remote port {pair.Remote}",
        [var first, ..] => $", port {first.Local} on either side",
        [] => "",
    };

    private static string Tunnel(ProtectEntry entry) => entry.Tunnel is { } tunnel
        ? $", in a tunnel from {Ends(tunnel.Local, entry.OtherLocal)} to {Ends(tunnel.Remote, entry.OtherRemote)}{(entry.Forwarding is null ? "" : ", also what this host forwards between them")}"
        : "";

    private static string Ends<T>(InetAddress first, ImmutableArray<T> others) => others.IsEmpty ? $"{first}" : $"{first} (or {string.Join(", ", others)})";

    private static string Trust(ProtectEntry entry) => entry.Trust switch
    {
        TrustLevel.Anyone => "Any key may speak for an address that no known peer owns.",
        TrustLevel.Known => "Only known peers may take part.",
        _ => "The first key seen for an address that no known peer owns is pinned to it, and another one is refused there until a person decides.",
    };

    private static string Break(ProtectEntry entry) => entry switch
    {
        { OnBreak: Disposition.Wait } => "When the peer behind a flow is replaced or restarted, the flow stops and its application waits.",
        { Protocol: IpProtocol.Tcp } => "When the peer behind a connection is replaced or restarted, its application gets a connection reset at once.",
        { Protocol: IpProtocol.Udp } => "When the peer behind a connected socket is replaced or restarted, its application gets port unreachable at once.",
        _ => "When the peer behind a flow is replaced or restarted, its application is told at once.",
    };

    private static string Encryption(ProtectEntry entry) => entry.Encryption.IsEmpty
        ? ""
        : $" ESP encrypts with {string.Join(" or ", entry.Encryption)} and nothing else: a peer that has none of it is refused.";

    private static string Forwarding(ProtectEntry entry) => entry.Forwarding is { } forwarding
        ? $" Of connections that it forwards at most {forwarding.FlowMaximum} are latched at once, each until it is closed or {Time(forwarding.TcpIdle)} silent; flows of other protocols until they are {Time(forwarding.Idle)} silent."
        : "";

    private static string Time(TimeSpan time) => time.Ticks % TimeSpan.TicksPerMinute == 0 ? $"{time.TotalMinutes:0} min" : $"{time.TotalSeconds:0} s";

    private static string Silence(ProtectEntry entry) =>
        entry.OnSilence == Reaction.Close ? " A peer that falls silent counts as dead." : "";

    private static string PolicyChange(ProtectEntry entry) => entry.OnPolicyChange == PolicyChangeReaction.Keep
        ? " When the policy is changed and says something else, its connections stay as they are until they end."
        : "";

    private static string Clear(ProtectEntry entry) => entry.ClearUntilIpsec
        ? " A host that never spoke IPsec is asked for a second and then reached in clear, and may connect in clear; once it has spoken IPsec, never again. "
            + "So whoever can keep this host's IKE (UDP 500 and 4500) from a host it never met reads and changes what the two say."
        : "";
}
