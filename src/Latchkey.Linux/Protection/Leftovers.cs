using Latchkey.Linux.Netlink;
using Latchkey.Linux.Nftables;

namespace Latchkey.Linux.Protection;

/// <summary>What a run that was killed left in the kernel.</summary>
internal static class Leftovers
{
    public static List<string> Describe(NetlinkSocket netlink, ProtectionSettings settings)
    {
        var sentences = new List<string>();
        foreach (var v6 in TrafficProtection.Families())
        {
            var family = v6 ? "IPv6" : "IPv4";
            var rules = new Rules(netlink, v6).List().Count(r => r.Owner == Owner.Number);
            if (rules > 0)
            {
                sentences.Add($"{rules} {family} routing rules of an earlier run were still there; they now follow the configuration.");
            }

            var routes = new Routes(netlink, v6).List().Count(r => r.Protocol == Owner.Number);
            if (routes > 0)
            {
                sentences.Add($"{routes} {family} routes of an earlier run were still there; they now follow the configuration.");
            }
        }

        if (Nft.List("table", "inet", settings.FilterTable) is not null)
        {
            sentences.Add($"The nftables table inet {settings.FilterTable} of an earlier run was still there and kept clear packets out; it was replaced.");
        }

        return sentences;
    }
}
