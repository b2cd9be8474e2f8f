using Latchkey.Lab.Judges;

namespace Latchkey.Lab.Network;

/// <summary>A host's network card with its one address, and the cable to a link.</summary>
public sealed class Nic
{
    private readonly LabHost _host;
    private readonly Wire _wire;
    private readonly string _port;

    private Nic(LabHost host, Wire wire, string device, string address, string mac)
    {
        (_host, _wire, Device, Address, Mac) = (host, wire, device, address, mac);
        _port = $"{host.Name}{wire.Number}";
    }

    public string Device { get; }

    public string Address { get; }

    public string Mac { get; }

    /// <summary>Puts a card into a host and lays its cable; not plugged in yet.</summary>
    /// <param name="serial">Makes the hardware address; two hosts with one IP address still differ in it.</param>
    /// <param name="offload">Leave segmentation to the card. Off by default: then captures show the packets as a real wire would.</param>
    internal static async Task<Nic> Install(LabHost host, Wire wire, string address, int serial, bool offload)
    {
        var nic = new Nic(host, wire, $"eth{wire.Number}", address, $"02:00:00:00:{wire.Number:x2}:{serial:x2}");
        await wire.LayCable(nic._port, host.Namespace, nic.Device);
        await host.Namespace.Ip("link", "set", nic.Device, "address", nic.Mac);
        // No duplicate address detection: two hosts having one address in turn is what the stories are about.
        await host.Namespace.Sysctl($"net.ipv6.conf.{nic.Device}.accept_dad=0", $"net.ipv6.conf.{nic.Device}.accept_ra=0");
        if (!offload)
        {
            await host.Namespace.Run("ethtool", "-K", nic.Device, "tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off");
        }

        await host.Namespace.Ip("link", "set", nic.Device, "up");
        string[] quiet = host.Plan.IsIPv6 ? ["nodad"] : [];
        await host.Namespace.Ip(["addr", "add", $"{address}/{host.Plan.PrefixLength}", "dev", nic.Device, .. quiet]);
        return nic;
    }

    /// <summary>Plugs the cable in and tells the neighbours, as a real host does when its link comes up.</summary>
    /// <returns>The moment from which the neighbours know where the address is.</returns>
    public async Task<Moment> Plug()
    {
        await _wire.Plug(_port);
        await _host.Announce(this);
        return Moment.Now;
    }

    public Task Unplug() => _wire.Unplug(_port);

    /// <summary>Records every frame that this card sends and receives from now on, in that order.</summary>
    /// <param name="file">Its name in the laboratory's folder.</param>
    public Task<Capture> Record(string file) => _host.Record(this, file);

    public async Task SetMtu(int mtu)
    {
        await _host.Namespace.Ip("link", "set", Device, "mtu", $"{mtu}");
        await _wire.SetMtu(_port, mtu);
    }
}
