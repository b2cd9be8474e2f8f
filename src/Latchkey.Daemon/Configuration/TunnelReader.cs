using System.Collections.Immutable;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads between which outer addresses an entry's tunnel goes, and where its two ends may move (RFC 4555).</summary>
/// <param name="Path">The first two addresses.</param>
/// <param name="OtherLocal"><see cref="ProtectEntry.OtherLocal"/></param>
/// <param name="OtherRemote"><see cref="ProtectEntry.OtherRemote"/></param>
internal sealed record TunnelReader(AddressPair Path, ImmutableArray<InetAddress> OtherLocal, ImmutableArray<InetPrefix> OtherRemote)
{
    private const string Local = "outer_local";
    private const string Remote = "outer_remote";

    /// <returns>Null in transport mode, or when the section was refused.</returns>
    public static TunnelReader? Read(TomlSection section, SaMode mode, InetPrefix? local, InetPrefix? remote)
    {
        if (mode == SaMode.Transport)
        {
            foreach (var key in (string[])[Local, Remote])
            {
                section.RefuseIneffective(key, "in transport mode a packet has no other addresses than its own", "remove it, or write mode = \"tunnel\"");
            }

            return null;
        }

        if (local is null || remote is null)
        {
            section.Refuse(
                local is null ? "local" : "remote", $"{section.Title} has mode = \"tunnel\", and does not say which addresses are {(local is null ? "at this" : "at the other")} end of the tunnel",
                "write for example local = \"10.1.0.1\" and remote = \"10.2.0.0/16\"");
        }

        if (Ends(section, Local) is not { } here || Ends(section, Remote) is not { } there)
        {
            return null;
        }

        if (here.FirstOrDefault(end => end.Length != end.Address.BitLength) is { Length: > 0 } wide)
        {
            section.Refuse(Local, $"'{Local}' must name addresses of this host, not {wide}", "write each address by itself");
        }

        if (here[0].Address.IsV4 != there[0].Address.IsV4)
        {
            section.Refuse(Remote, $"{Local} {here[0]} and {Remote} {there[0]} are of different families; no packet has both", "begin both with addresses of one family");
        }
        else
        {
            RefuseLonely(section, here, Remote, there);
            RefuseLonely(section, there, Local, here);
        }

        return new TunnelReader(
            new AddressPair(here[0].Address, there[0].Address) { Moves = here.Length + there.Length > 2 }, [.. here.Skip(1).Select(end => end.Address)], [.. there.Skip(1)]);
    }

    /// <summary>An end goes nowhere without another of its family.</summary>
    private static void RefuseLonely(TomlSection section, ImmutableArray<InetPrefix> ends, string key, ImmutableArray<InetPrefix> others)
    {
        if (ends.FirstOrDefault(end => others.All(other => other.Address.IsV4 != end.Address.IsV4)) is { } lonely && lonely != default)
        {
            section.Refuse(key, $"the tunnel cannot go by way of {lonely}: '{key}' has no address of that family", $"add one to '{key}', or leave {lonely} out");
        }
    }

    /// <summary>One end: an address, and after it where else that end may be.</summary>
    private static ImmutableArray<InetPrefix>? Ends(TomlSection section, string key)
    {
        var example = $"{key} = \"192.0.2.7\"";
        if (section.TextOrTexts(key, "an address, or a list that begins with one", example) is not { } texts)
        {
            section.Refuse(key, $"{section.Title} has mode = \"tunnel\", and does not say between which hosts", $"write for example {example}");
            return null;
        }

        var ends = ImmutableArray.CreateBuilder<InetPrefix>();
        foreach (var text in texts)
        {
            // Where a tunnel begins must be said; where it may go, "any" says.
            var isFirst = ends.Count == 0;
            if (!isFirst && text == "any")
            {
                ends.Add(new InetPrefix(ends[0].Address.IsV4 ? InetAddress.AnyV4 : InetAddress.AnyV6, 0));
            }
            else if (InetPrefix.TryParse(text, out var end, out _) && (!isFirst || (end.Length == end.Address.BitLength && !end.Address.IsUnspecified)))
            {
                ends.Add(end);
            }
            else
            {
                section.Refuse(
                    key, isFirst ? $"'{key}' must be the address of a host, not {text}" : $"'{key}' has {text} in its list, which is neither an address nor a prefix nor \"any\"", $"write for example {example}");
                return null;
            }
        }

        if (ends.Count == 0)
        {
            section.Refuse(key, $"'{key}' is an empty list", $"write for example {example}");
            return null;
        }

        return ends.ToImmutable();
    }
}
