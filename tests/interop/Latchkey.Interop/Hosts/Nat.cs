using Latchkey.Lab;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Hosts;

/// <summary>A router between the link and another one, which gives everybody on that one its own address.</summary>
public sealed class Nat
{
    private readonly LabHost _router;

    private Nat(LabHost router, Wire inside) => (_router, Inside) = (router, inside);

    public Wire Inside { get; }

    public static async Task<Nat> Make(Laboratory laboratory, Wire outside)
    {
        var inside = await laboratory.Link(2);
        var router = await laboratory.Host("nat", outside, 254);
        await laboratory.Connect(router, inside, 254);
        await router.Namespace.Sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        var table = $"{router.Plan.NftFamily} nat";
        // Ports change too, to some that nobody takes for IKE's.
        await router.Run("nft", $"add table {table}; add chain {table} out {{ type nat hook postrouting priority 100; }}; add rule {table} out oifname \"{router.Nics[0].Device}\" meta l4proto udp masquerade to :1024-4499");
        foreach (var nic in router.Nics)
        {
            await nic.Plug();
        }

        return new Nat(router, inside);
    }

    /// <summary>It forgets which port it gave to whom, as a NAT that restarts does; the next packet gets another.</summary>
    public async Task Forget()
    {
        // Linux drops the mappings of a device that goes down.
        await _router.Namespace.Ip("link", "set", _router.Nics[0].Device, "down");
        await _router.Namespace.Ip("link", "set", _router.Nics[0].Device, "up");
    }

    /// <returns>The address that others see of a host on the inside.</returns>
    public async Task<string> Translate(LabHost host)
    {
        await host.Run("ip", host.Plan.Family, "route", "add", "default", "via", _router.Nics[1].Address);
        return _router.Address;
    }
}
