using Latchkey.Lab.Judges;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Network;

/// <summary>
/// One link: a switch in a namespace of its own, so that everything that crosses it can be captured from outside the
/// hosts, and a host can be unplugged while it runs.
/// </summary>
public sealed class Wire
{
    public const string Bridge = "switch";

    private readonly NetworkNamespace _namespace;

    private readonly Laboratory _laboratory;

    private Wire(Laboratory laboratory, int number, NetworkNamespace networkNamespace) =>
        (_laboratory, Number, _namespace) = (laboratory, number, networkNamespace);

    public int Number { get; }

    public string Namespace => _namespace.Name;

    internal static async Task<Wire> Create(Laboratory laboratory, int number)
    {
        var wire = new Wire(laboratory, number, await NetworkNamespace.Create(laboratory.Run, $"wire{number}"));
        // A plain learning switch: no spanning tree delay, and neighbour discovery is not snooped away.
        await wire._namespace.Ip("link", "add", Bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0");
        await wire._namespace.Sysctl($"net.ipv6.conf.{Bridge}.disable_ipv6=1");
        await wire._namespace.Ip("link", "set", Bridge, "up");
        return wire;
    }

    /// <summary>Lays a cable from a host's socket to this switch; the switch's end stays unplugged.</summary>
    /// <param name="device">The device in the host.</param>
    internal async Task LayCable(string port, NetworkNamespace host, string device)
    {
        await Command.Run("ip", "link", "add", device, "netns", host.Name, "type", "veth", "peer", "name", port, "netns", Namespace);
        await _namespace.Sysctl($"net.ipv6.conf.{port}.disable_ipv6=1");
        await _namespace.Ip("link", "set", port, "up");
    }

    internal Task Plug(string port) => _namespace.Ip("link", "set", port, "master", Bridge);

    /// <summary>The host keeps its carrier, as one whose cable was pulled behind the next switch does.</summary>
    internal Task Unplug(string port) => _namespace.Ip("link", "set", port, "nomaster");

    internal Task SetMtu(string port, int mtu) => _namespace.Ip("link", "set", port, "mtu", $"{mtu}");

    /// <summary>Records every frame that crosses the link from now on.</summary>
    /// <param name="file">Its name in the laboratory's folder.</param>
    /// <param name="only">A filter in tcpdump's language; null: everything.</param>
    public Task<Capture> Record(string file, string? only = null) =>
        Capture.Start(_laboratory, _namespace, Bridge, Path.Combine(_laboratory.Folder, file), only);
}
