using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Interop.Hosts;

/// <summary>
/// Gives a host of the laboratory a kernel of its own, because this one's may lack ESP: Debian's user-mode Linux, an ordinary
/// process that is up in about a second (docs/decisions/interop-machine.md). What runs there is reached through a device
/// of its own; the one on the link carries nothing but what hosts say to each other.
/// </summary>
public static class Machine
{
    /// <summary>The device through which the machine takes its commands; its programs need not know of it.</summary>
    public const string Control = "control";

    private const string Here = "169.254.99.1";
    private const string There = "169.254.99.2";

    /// <param name="programs">The folder tests/interop/machine.</param>
    public static async Task Boot(LabHost host, string programs, TimeSpan limit)
    {
        var nic = host.Nics[0];
        // The address moves into the machine; a second one who answered for it here would be no help.
        await host.Namespace.Ip("addr", "flush", "dev", nic.Device);
        await host.Namespace.Sysctl($"net.ipv6.conf.{nic.Device}.disable_ipv6=1");
        await host.Namespace.Ip("tuntap", "add", Control, "mode", "tap");
        await host.Namespace.Ip("addr", "add", $"{Here}/30", "dev", Control);
        await host.Namespace.Ip("link", "set", Control, "up");
        var said = new Sightings<string>(host.Cancellation);
        host.Start("machine", [$"{programs}/start", nic.Device, $"{nic.Address}/{host.Plan.PrefixLength}", host.Folder], p => p.LineWritten += said.Add);
        var end = await said.Wait(line => line is "the machine is up" or "the machine did not come up", limit);
        if (end is not "the machine is up")
        {
            throw new LabException($"no machine with ESP for the host {host.Name}: {string.Join(" / ", said.All.TakeLast(3))}");
        }

        host.Through = ["/usr/bin/python3", $"{programs}/enter.py", There];
    }
}
