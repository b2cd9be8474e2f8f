using Latchkey.Bench.Bare;
using Latchkey.Crypto;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>Latchkey's system calls and cipher without the rest (<see cref="BareTunnel"/>).</summary>
internal sealed class BarePeer : Peer
{
    private const string AddressA = "10.80.0.1";
    private const string AddressB = "10.80.0.2";

    public override string Name => "bare";

    public override async Task<Tunnel> Up(Ends ends) => new(
        AddressB,
        [await Start(ends.A, Ends.AddressA, Ends.AddressB, AddressA), await Start(ends.B, Ends.AddressB, Ends.AddressA, AddressB)],
        $"AES-256-GCM by {AeadBackend.Chosen}");

    private static async Task<int> Start(LabHost host, string outer, string peerOuter, string inner)
    {
        var process = host.Start("bare", [.. Product.Executable, "bare", outer, peerOuter]);
        await Until(
            async () => (await Command.Try(["ip", "-n", host.Namespace.Name, "link", "show", "up", "dev", BareCommand.Device], Command.DefaultLimit)).Output.Length > 0,
            $"the bare tunnel did not come up in {host.Name}");
        await host.Namespace.Ip("link", "set", BareCommand.Device, "gso_max_size", $"{BareTunnel.LargestPacket}");
        await host.Namespace.Ip("addr", "add", $"{inner}/24", "dev", BareCommand.Device);
        return process.Id;
    }
}
