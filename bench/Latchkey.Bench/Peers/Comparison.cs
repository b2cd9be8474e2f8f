using Latchkey.Bench.Report;
using Latchkey.Lab;
using Latchkey.Lab.Network;

namespace Latchkey.Bench.Peers;

/// <summary>Measures peers in turn, each in fresh namespaces, so that a disturbance of the machine hits all alike.</summary>
internal sealed class Comparison(IReadOnlyList<Peer> peers, IReadOnlyList<string> kinds, int rounds, int seconds, TextWriter progress)
{
    public async Task<Results> Run(CancellationToken cancellation)
    {
        var results = new Results();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var peer in peers)
            {
                await progress.WriteLineAsync($"round {round} of {rounds}: {peer.Name}");
                await Measure(peer, results, cancellation);
            }
        }

        return results;
    }

    private async Task Measure(Peer peer, Results results, CancellationToken cancellation)
    {
        await using var laboratory = new Laboratory(new AddressPlan(false), keep: false, cancellation);
        var ends = await Ends.Create(laboratory);
        try
        {
            var tunnel = await peer.Up(ends);
            await MustNotBeBypassed(peer, ends, tunnel);
            var measurement = new Measurement(peer, ends, tunnel, results, seconds);
            foreach (var kind in kinds)
            {
                await Measurement.Kinds[kind](measurement);
            }
        }
        catch (Exception e) when (e is LabException or TimeoutException)
        {
            results.Failures.Add($"{peer.Name}: {e.Message}");
            await progress.WriteLineAsync($"{peer.Name}: {e.Message}");
        }
        finally
        {
            await peer.Down(ends);
        }
    }

    private static async Task MustNotBeBypassed(Peer peer, Ends ends, Tunnel tunnel)
    {
        var route = await ends.A.Namespace.Ip("route", "get", tunnel.Address);
        if (route.Contains($" dev {Ends.Device} ", StringComparison.Ordinal) != peer is RawPeer)
        {
            throw new LabException($"the route to {tunnel.Address} leads elsewhere: {route.Trim()}");
        }
    }
}
