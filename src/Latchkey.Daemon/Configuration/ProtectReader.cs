using System.Collections.Immutable;
using System.Globalization;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>A protect entry and the place of its header.</summary>
internal sealed record PlacedEntry(ProtectEntry Entry, TextPosition Place);

/// <summary>Reads one [[protect]]: a PROTECT entry of the SPD (RFC 4301 §4.4.1).</summary>
internal static class ProtectReader
{
    private static readonly Dictionary<string, SaMode> Modes = new()
    {
        ["transport"] = SaMode.Transport,
        ["tunnel"] = SaMode.Tunnel,
    };

    private static readonly Dictionary<string, IpProtocol?> Protocols = new()
    {
        ["tcp"] = IpProtocol.Tcp,
        ["udp"] = IpProtocol.Udp,
        ["any"] = null,
    };

    private static readonly Dictionary<string, TrustLevel> TrustLevels = new()
    {
        ["anyone"] = TrustLevel.Anyone,
        ["first-use"] = TrustLevel.FirstUse,
        ["known"] = TrustLevel.Known,
    };

    private static readonly Dictionary<string, Disposition?> Dispositions = new()
    {
        ["close"] = Disposition.Close,
        ["wait"] = Disposition.Wait,
        ["failover"] = Disposition.Failover,
    };

    private static readonly Dictionary<string, Reaction> Reactions = new()
    {
        ["wait"] = Reaction.Wait,
        ["close"] = Reaction.Close,
    };

    private static readonly Dictionary<string, PolicyChangeReaction> PolicyChangeReactions = new()
    {
        ["break"] = PolicyChangeReaction.Break,
        ["keep"] = PolicyChangeReaction.Keep,
    };

    private static readonly Dictionary<string, bool> Clear = new()
    {
        ["never"] = false,
        ["until-ipsec"] = true,
    };

    private static readonly Dictionary<string, EncapsulationChoice> Encapsulations = new()
    {
        ["auto"] = EncapsulationChoice.Auto,
        ["udp"] = EncapsulationChoice.Udp,
        ["esp"] = EncapsulationChoice.Esp,
    };

    /// <summary>Null when the entry cannot be used; the findings say why.</summary>
    public static PlacedEntry? Read(TomlSection section, FindingList findings)
    {
        var name = Name.Read(section);
        var local = Prefix(section, "local");
        var remote = Prefix(section, "remote");
        var protocol = Protocol(section);
        var mode = section.Choice("mode", SaMode.Transport, Modes);
        var tunnel = TunnelReader.Read(section, mode, local, remote);
        var entry = new ProtectEntry
        {
            Name = name ?? "",
            Local = local,
            Remote = remote,
            Tunnel = tunnel?.Path,
            OtherLocal = tunnel?.OtherLocal ?? [],
            OtherRemote = tunnel?.OtherRemote ?? [],
            Forwarding = ForwardingReader.Read(section, mode == SaMode.Tunnel),
            Protocol = protocol,
            Ports = Ports(section, protocol),
            Trust = section.Choice("trust", TrustLevel.FirstUse, TrustLevels),
            OnBreak = OnBreak(section, protocol),
            OnSilence = section.Choice("on_silence", Reaction.Wait, Reactions),
            OnStranger = section.Choice("on_stranger", Reaction.Wait, Reactions),
            OnPolicyChange = section.Choice("on_policy_change", PolicyChangeReaction.Break, PolicyChangeReactions),
            ClearUntilIpsec = section.Choice("clear", false, Clear),
            Encryption = AlgorithmList.Read(
                section, findings, "esp", Proposals.AllCipherNames, ("nothing can be protected without a cipher", "write for example esp = [\"aes256gcm16\"]; without 'esp' every cipher will do")) ?? [],
            Encapsulation = section.Choice("encapsulation", EncapsulationChoice.Auto, Encapsulations),
        };
        RefuseSenselessClear(section, entry);
        if (entry is { Forwarding: not null, OnPolicyChange: PolicyChangeReaction.Keep })
        {
            section.Refuse(
                "on_policy_change", "on_policy_change = \"keep\" contradicts forward = true: what a later policy does not let through, this host does not forward", "write on_policy_change = \"break\"");
        }

        if (entry.Trust == TrustLevel.Anyone)
        {
            section.RefuseIneffective("on_stranger", "with trust = \"anyone\" there are no strangers", "remove it, or write trust = \"first-use\" or \"known\"");
        }

        if (local is { } l && remote is { } r && l.Address.IsV4 != r.Address.IsV4)
        {
            section.Refuse("remote", $"local {l} and remote {r} are of different families; no packet has both", "write two entries, one per family");
        }

        section.RefuseUnknownKeys();
        return name is null || findings.HasErrors ? null : new(entry, section.Start);
    }

    private static void RefuseSenselessClear(TomlSection section, ProtectEntry entry)
    {
        if (entry is { ClearUntilIpsec: true, Trust: TrustLevel.Known })
        {
            section.Refuse(
                "clear", "clear = \"until-ipsec\" contradicts trust = \"known\": known peers speak IPsec, and a host without it is none of them",
                "write clear = \"never\", or trust = \"anyone\"");
        }

        if (entry is { ClearUntilIpsec: true, Tunnel: not null })
        {
            section.Refuse("clear", "clear = \"until-ipsec\" contradicts mode = \"tunnel\": inner addresses are not reached without the tunnel", "write clear = \"never\"");
        }

        if (entry is { ClearUntilIpsec: true, Protocol: null })
        {
            section.Refuse(
                "clear", "clear = \"until-ipsec\" needs one protocol: what goes in clear is told apart by its ports, and not every protocol has any",
                "write one entry with protocol = \"tcp\" and one with protocol = \"udp\"");
        }
    }

    private static IpProtocol? Protocol(TomlSection section)
    {
        if (!section.Has("protocol"))
        {
            section.Refuse("protocol", $"{section.Title} does not say which protocol it protects", "add protocol = \"tcp\" (or \"udp\", or \"any\")");
        }

        // Where it is refused, that is said; one with ports stands in for it, so that nothing else of the entry is refused because of it.
        return section.Choice("protocol", IpProtocol.Udp, Protocols, new Dictionary<string, string> { ["sctp"] = "multi-homing needs care that is still to be built" });
    }

    private static Disposition? OnBreak(TomlSection section, IpProtocol? protocol)
    {
        var disposition = section.Choice("on_break", null, Dispositions);
        if (disposition == Disposition.Failover && protocol == IpProtocol.Tcp)
        {
            section.Refuse(
                "on_break", "on_break = \"failover\" means nothing for TCP: a connection has one path, and does not end when its destination is unreachable", "write \"close\" or \"wait\"");
        }

        return disposition;
    }

    private static InetPrefix? Prefix(TomlSection section, string key)
    {
        var text = section.Text(key, "an address, a prefix or \"any\"", $"{key} = \"192.0.2.0/24\"");
        if (text is null or "any")
        {
            return null;
        }

        if (!InetPrefix.TryParse(text, out var prefix, out var error))
        {
            section.Refuse(key, error, $"write for example {key} = \"192.0.2.0/24\", or \"any\"");
            return null;
        }

        return prefix;
    }

    private static ImmutableArray<PortPair> Ports(TomlSection section, IpProtocol? protocol)
    {
        string[] keys = ["local_port", "remote_port", "port"];
        var ranges = keys.Select(key => Range(section, key)).ToArray();
        if (protocol is null)
        {
            foreach (var key in keys)
            {
                section.RefuseIneffective(key, "not every protocol has ports, and the entry is for any", "remove it, or write protocol = \"tcp\"");
            }

            return [PortPair.Any];
        }

        if (ranges[2] is not { } either)
        {
            return [new(ranges[0] ?? PortRange.Any, ranges[1] ?? PortRange.Any)];
        }

        section.RefuseIneffective("local_port", "'port' already says which ports are meant", "keep 'port', or 'local_port' and 'remote_port'");
        section.RefuseIneffective("remote_port", "'port' already says which ports are meant", "keep 'port', or 'local_port' and 'remote_port'");

        // "Either side" is two pairs: one pair of selectors cannot say "or".
        return either.IsAny ? [PortPair.Any] : [new(either, PortRange.Any), new(PortRange.Any, either)];
    }

    private static PortRange? Range(TomlSection section, string key)
    {
        const string Expected = "a port from 1 to 65535, a range \"a-b\" or \"any\"";
        if (section.Scalar(key, Expected, $"{key} = 179") is not { } text)
        {
            return null;
        }

        if (text == "any")
        {
            return PortRange.Any;
        }

        var dash = text.IndexOf('-');
        var first = dash < 0 ? text : text[..dash];
        var last = dash < 0 ? text : text[(dash + 1)..];
        if (Port(first) is not { } start || Port(last) is not { } end)
        {
            section.Refuse(key, $"'{key}' must be {Expected}, not {text}", $"write for example {key} = 179 or {key} = \"8000-8099\"");
            return null;
        }

        if (start > end)
        {
            section.Refuse(key, $"the range {text} ends before it begins", $"write {key} = \"{last}-{first}\"");
            return null;
        }

        return new(start, end);
    }

    private static ushort? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port != 0 ? port : null;
}
