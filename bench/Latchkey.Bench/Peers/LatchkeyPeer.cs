using System.Text.Json;
using Latchkey.Lab;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>Latchkey as a stranger would measure it: through bench/latchkey-peer.</summary>
internal sealed class LatchkeyPeer : Peer
{
    private static readonly string Hook = Path.Combine(Repository.Root, "bench", "latchkey-peer");

    /// <summary>What B takes connections from.</summary>
    public string From { get; init; } = Ends.AddressA;

    public override string Name => "latchkey";

    public override async Task<Tunnel> Up(Ends ends)
    {
        var address = (await Hooked(ends, "up", ends.A.Namespace.Name, ends.B.Namespace.Name, From, Ends.AddressB)).Trim();
        int[] daemons = [.. (await Hooked(ends, "pids", ends.A.Namespace.Name)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        var ciphers = (await Status(ends, "a")).GetProperty("ciphers");
        return new Tunnel(address, daemons, $"AES-256-GCM by {ciphers.GetProperty("library").GetString()} {ciphers.GetProperty("version").GetString()}");
    }

    public override Task Down(Ends ends) => Hooked(ends, "down", ends.A.Namespace.Name, ends.B.Namespace.Name);

    public override async Task<long?> Allocated(Ends ends) => await Allocated(ends, "a") + await Allocated(ends, "b");

    /// <summary>Connections that B's daemon has latched.</summary>
    public static async Task<int> Latched(Ends ends) => (await Status(ends, "b")).GetProperty("latches").GetProperty("ESTABLISHED").GetInt32();

    private static async Task<long> Allocated(Ends ends, string end) => (await Status(ends, end)).GetProperty("memory").GetProperty("allocated_octets").GetInt64();

    private static async Task<JsonElement> Status(Ends ends, string end)
    {
        var answer = await Command.Run(Path.Combine(Repository.Root, "latchkey"), "status", "--json", "--control", $"/run/latchkey-peer/{ends.A.Namespace.Name}/{end}/control.sock");
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.Clone();
    }

    private static async Task<string> Hooked(Ends ends, params IReadOnlyList<string> arguments)
    {
        var result = await Command.Try([Hook, .. arguments], TimeSpan.FromSeconds(45), cancellation: arguments[0] == "down" ? default : ends.A.Cancellation);
        return result.Status == 0 ? result.Output : throw new LabException($"bench/latchkey-peer {arguments[0]}: {result.Complaint.Trim()}");
    }
}
