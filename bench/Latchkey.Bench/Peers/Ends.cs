using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>Two hosts that a veth pair joins, and nothing else.</summary>
internal sealed record Ends(LabHost A, LabHost B)
{
    public const string AddressA = "10.77.0.1";
    public const string AddressB = "10.77.0.2";

    public const string Device = "eth0";

    public static async Task<Ends> Create(Laboratory laboratory)
    {
        var ends = new Ends(await laboratory.Host("a"), await laboratory.Host("b"));
        await Command.Run("ip", "link", "add", Device, "netns", ends.A.Namespace.Name, "type", "veth", "peer", "name", Device, "netns", ends.B.Namespace.Name);
        foreach (var (host, address) in new[] { (ends.A, AddressA), (ends.B, AddressB) })
        {
            await host.Namespace.Ip("addr", "add", $"{address}/24", "dev", Device);
            await host.Namespace.Ip("link", "set", Device, "up");
        }

        return ends;
    }
}
