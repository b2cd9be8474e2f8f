using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>Debian's wireguard-go, in user space as Latchkey is.</summary>
internal sealed class WireguardGoPeer : Peer
{
    private const string AddressA = "10.78.0.1";
    private const string AddressB = "10.78.0.2";
    private const string Sockets = "/var/run/wireguard";

    // Made by the first daemon, and then nobody's.
    private bool _hadFolder;

    public override string Name => "wireguard-go";

    public override async Task<Tunnel> Up(Ends ends)
    {
        _hadFolder = Directory.Exists(Sockets);
        var keys = new Dictionary<LabHost, string>();
        List<int> daemons = [];
        foreach (var host in new[] { ends.A, ends.B })
        {
            var key = Path.Combine(host.Folder, "wg.key");
            await File.WriteAllTextAsync(key, await Command.Run("wg", "genkey"));
            keys[host] = (await Command.Run("sh", "-c", "wg pubkey <\"$0\"", key)).Trim();
            daemons.Add(host.Start("wireguard-go", ["env", "LOG_LEVEL=error", "wireguard-go", "-f", Device(ends, host)]).Id);
        }

        await Configure(ends, ends.A, AddressA, keys[ends.B], AddressB, Ends.AddressB);
        await Configure(ends, ends.B, AddressB, keys[ends.A], AddressA, Ends.AddressA);
        return new Tunnel(AddressB, daemons, "ChaCha20-Poly1305");
    }

    public override Task Down(Ends ends)
    {
        if (Directory.Exists(Sockets))
        {
            File.Delete(Socket(ends, ends.A));
            File.Delete(Socket(ends, ends.B));
            if (!_hadFolder && !Directory.EnumerateFileSystemEntries(Sockets).Any())
            {
                Directory.Delete(Sockets);
            }
        }

        return Task.CompletedTask;
    }

    // The control socket is named after the device, and its folder is shared by all namespaces.
    private static string Device(Ends ends, LabHost host) => $"lkw{Environment.ProcessId}{(host == ends.A ? 'a' : 'b')}";

    private static string Socket(Ends ends, LabHost host) => Path.Combine(Sockets, $"{Device(ends, host)}.sock");

    private static async Task Configure(Ends ends, LabHost host, string address, string peerKey, string peerAddress, string endpoint)
    {
        var device = Device(ends, host);
        await Until(
            async () => File.Exists(Socket(ends, host)) && (await Command.Try(["ip", "-n", host.Namespace.Name, "link", "show", "dev", device], Command.DefaultLimit)).Status == 0,
            $"wireguard-go did not come up in {host.Name}");
        await host.Run(
            "wg", "set", device, "listen-port", "51820", "private-key", Path.Combine(host.Folder, "wg.key"),
            "peer", peerKey, "allowed-ips", $"{peerAddress}/32", "endpoint", $"{endpoint}:51820");
        await host.Namespace.Ip("addr", "add", $"{address}/24", "dev", device);
        await host.Namespace.Ip("link", "set", device, "up");
    }
}
