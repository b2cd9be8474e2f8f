using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Network;

/// <summary>The kernel's own NAT, of either family.</summary>
internal static class Masquerade
{
    /// <summary>A host with its first card outside and its second one inside translates for hosts inside; ports too, to some that tshark does not take for anything else.</summary>
    public static async Task Begin(Stage stage, LabHost nat, params IReadOnlyList<LabHost> clients)
    {
        await nat.Namespace.Sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        var table = $"{stage.Plan.NftFamily} nat";
        await nat.Run("nft", $"add table {table}; add chain {table} out {{ type nat hook postrouting priority 100; }}; add rule {table} out oifname \"{nat.Nics[0].Device}\" meta l4proto udp masquerade to :1024-4499");
        foreach (var client in clients)
        {
            await client.Namespace.Ip(stage.Plan.Family, "route", "add", "default", "via", nat.Nics[1].Address);
        }
    }
}
