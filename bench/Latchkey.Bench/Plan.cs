using Latchkey.Bench.Peers;

namespace Latchkey.Bench;

/// <summary>What one run measures.</summary>
/// <param name="Only">Names of peers and of measurements; where none of a sort is named, all of that sort are meant.</param>
/// <param name="Seconds">Length of one transfer.</param>
internal sealed record Plan(IReadOnlyCollection<string> Only, int Rounds, int Seconds)
{
    private static readonly string[] Peers = [.. Peer.All.Select(p => p.Name)];

    public bool Has(string name)
    {
        string[] ofItsSort = [.. Only.Where(o => Peers.Contains(o) == Peers.Contains(name))];
        return ofItsSort.Length == 0 || ofItsSort.Contains(name);
    }
}
