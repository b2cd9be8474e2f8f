using Latchkey.Lab;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Hosts;

/// <summary>Makes a host the gateway of a net with one other host in it.</summary>
public static class Gateway
{
    /// <summary>The number of that net.</summary>
    public const int Link = 3;

    /// <returns>The host behind the gateway, which knows of nothing.</returns>
    public static async Task<LabHost> Make(Laboratory laboratory, LabHost gateway)
    {
        var net = await laboratory.Link(Link);
        var behind = await laboratory.Host("behind", net, 10);
        var door = await laboratory.Connect(gateway, net, 254);
        await gateway.Namespace.Sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        await door.Plug();
        await behind.Nics[0].Plug();
        await behind.Namespace.Ip(behind.Plan.Family, "route", "add", "default", "via", door.Address);
        return behind;
    }
}
