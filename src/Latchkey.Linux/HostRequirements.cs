using System.Runtime.InteropServices;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;
using Latchkey.Linux.Nftables;
using Latchkey.Linux.Protection;

namespace Latchkey.Linux;

/// <summary>Something the host lacks.</summary>
/// <param name="Sentence">What is missing and what helps.</param>
/// <param name="Fatal">Latchkey cannot run without it; otherwise it runs with less, as the sentence says.</param>
public sealed record MissingRequirement(string Sentence, bool Fatal);

/// <summary>What this room needs of the host, checked before anything is changed.</summary>
public static class HostRequirements
{
    private const int NetAdmin = 12;
    private const int NetRaw = 13;

    /// <param name="clear">Flows may go in clear.</param>
    /// <param name="forwarded">What this host is to forward.</param>
    public static IReadOnlyList<MissingRequirement> Check(ProtectionSettings settings, bool clear = false, IEnumerable<ProtectedSelector>? forwarded = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var missing = new List<MissingRequirement>();
        void Fatal(string sentence) => missing.Add(new MissingRequirement(sentence, Fatal: true));
        void Minor(string sentence) => missing.Add(new MissingRequirement(sentence, Fatal: false));

        if (!HasCapability(NetAdmin) || !HasCapability(NetRaw))
        {
            Fatal("The capabilities CAP_NET_ADMIN and CAP_NET_RAW are missing: run Latchkey as root, or give it both (AmbientCapabilities= of systemd).");
            return missing;
        }

        using (var tun = Libc.Open("/dev/net/tun", Libc.ReadWrite | Libc.CloseOnExec))
        {
            if (tun.IsInvalid)
            {
                Fatal($"/dev/net/tun cannot be opened ({Marshal.GetLastPInvokeErrorMessage()}): load the module tun (modprobe tun), or let the container have the device.");
            }
        }

        if (Nft.Find() is null)
        {
            Fatal("nft is missing: install the package nftables.");
        }

        if (!TrafficProtection.Families().Contains(true))
        {
            Minor("The kernel has no IPv6: only IPv4 is protected, and there is no IPv6 traffic that could escape.");
        }

        if (clear && StrictInterfaces() is [_, ..] strict)
        {
            Minor($"The kernel drops what hosts send in clear on {string.Join(", ", strict)}, because it checks source addresses strictly there: set net.ipv4.conf.all.rp_filter = 2 (loose), or clear = \"until-ipsec\" reaches nobody over IPv4.");
        }

        foreach (var v6 in (bool[])[.. (forwarded ?? []).SelectMany(s => (bool[])[false, true], (s, v6) => (s, v6)).Where(f => f.s.Concerns(f.v6)).Select(f => f.v6).Distinct()])
        {
            var name = v6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
            if (!Forwards(name))
            {
                Minor($"The kernel forwards no {(v6 ? "IPv6" : "IPv4")} packets, and an entry says forward = true: set {name} = 1.");
            }
        }

        using var netlink = new NetlinkSocket(NetlinkAbi.Route);
        CheckRules(netlink, settings, Fatal);
        return missing;
    }

    /// <summary>Our rules must come behind the local table's: else traffic to the host's own addresses would be caught.</summary>
    private static void CheckRules(NetlinkSocket netlink, ProtectionSettings settings, Action<string> fatal)
    {
        foreach (var v6 in TrafficProtection.Families())
        {
            var rules = new Rules(netlink, v6).List();
            var family = v6 ? "-6" : "-4";
            if (!rules.Exists(r => r.Table == Rtnetlink.TableLocal && r.Priority < settings.FirstRulePriority))
            {
                fatal($"The rule for the local table does not come before priority {settings.FirstRulePriority} (ip {family} rule): choose higher priorities for Latchkey.");
            }

            var end = settings.FirstRulePriority + RulePlan.BlockSize;
            if (rules.Find(r => r.Owner != Owner.Number && r.Priority >= settings.FirstRulePriority && r.Priority < end) is { } stranger)
            {
                fatal($"A routing rule of somebody else has priority {stranger.Priority}, inside Latchkey's block (ip {family} rule): choose other priorities for Latchkey.");
            }
        }
    }

    private static bool Forwards(string name) =>
        $"/proc/sys/{name.Replace('.', '/')}" is var path && File.Exists(path) && File.ReadAllText(path).Trim() != "0";

    /// <summary>Where the route back must be the way a packet came: for protected selectors that is the TUN device. The larger of "all" and the interface's own counts.</summary>
    private static List<string> StrictInterfaces()
    {
        const string Place = "/proc/sys/net/ipv4/conf";
        static int Filter(string name) => int.TryParse(File.ReadAllText($"{Place}/{name}/rp_filter"), out var value) ? value : 0;
        var all = Filter("all");
        return [.. Directory.EnumerateDirectories(Place).Select(Path.GetFileName).OfType<string>()
            .Where(name => name is not ("all" or "default" or "lo" or Tun.TunDevice.DefaultName) && Math.Max(all, Filter(name)) == 1).Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads CapEff of proc_pid_status(5).</summary>
    private static bool HasCapability(int number)
    {
        foreach (var line in File.ReadLines("/proc/thread-self/status"))
        {
            if (line.StartsWith("CapEff:", StringComparison.Ordinal)
                && ulong.TryParse(line.AsSpan(7).Trim(), System.Globalization.NumberStyles.HexNumber, null, out var set))
            {
                return (set >> number & 1) == 1;
            }
        }

        return false;
    }
}
