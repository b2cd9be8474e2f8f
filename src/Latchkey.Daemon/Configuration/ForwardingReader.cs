using System.Globalization;
using Latchkey.Latching;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads what an entry in tunnel mode says of flows that this host forwards.</summary>
internal static class ForwardingReader
{
    /// <summary>As many latches as there can be at all.</summary>
    private const int FlowLimit = 1_000_000;

    private static readonly string[] Details = ["forward_flows", "forward_tcp_idle", "forward_idle"];

    /// <returns>Null when nothing is forwarded.</returns>
    public static Forwarding? Read(TomlSection section, bool isTunnel)
    {
        var forwards = section.Truth("forward") ?? false;
        if (forwards && !isTunnel)
        {
            section.Refuse("forward", "forward = true needs mode = \"tunnel\": in transport mode a packet has no other addresses than those of the two hosts", "remove it, or write mode = \"tunnel\"");
        }

        if (!forwards)
        {
            foreach (var key in Details)
            {
                section.RefuseIneffective(key, "this host forwards nothing for the entry", "remove it, or write forward = true");
            }

            return null;
        }

        var defaults = Forwarding.Default;
        return new(
            Flows(section) ?? defaults.FlowMaximum,
            Duration.Read(section, "forward_tcp_idle", "124m") ?? defaults.TcpIdle,
            Duration.Read(section, "forward_idle", "5m") ?? defaults.Idle);
    }

    private static int? Flows(TomlSection section)
    {
        const string Key = "forward_flows";
        var expected = $"a number from 1 to {FlowLimit}";
        if (section.Scalar(Key, expected, $"{Key} = 1000") is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= FlowLimit)
        {
            return number;
        }

        section.Refuse(Key, $"'{Key}' must be {expected}, not {text}", $"write for example {Key} = 1000");
        return null;
    }
}
