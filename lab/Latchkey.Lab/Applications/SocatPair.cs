using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>A long-lived connection between two socats: programs that everybody has, telling their errors in their own words.</summary>
public sealed class SocatPair
{
    private readonly Sightings<string> _serverWords;
    private readonly Sightings<string> _serverHeard;

    private SocatPair(CancellationToken cancellation) => (_serverWords, _serverHeard) = (new(cancellation), new(cancellation));

    /// <summary>What W's socat complained last.</summary>
    public string LastWords => _serverWords.All is { Count: > 0 } words ? words[^1] : "not a word";

    public static async Task<SocatPair> Connect(LabHost server, LabHost client, int port)
    {
        var pair = new SocatPair(server.Cancellation);
        var family = server.Plan.IsIPv6 ? "6" : "4";
        server.Start("socat-server", ["socat", "-d", "-d", $"TCP{family}-LISTEN:{port},bind={server.Plan.Bracketed(server.Address)},reuseaddr", "STDIO"], p =>
        {
            p.ComplaintWritten += pair._serverWords.Add;
            p.LineWritten += pair._serverHeard.Add;
        });
        if (await pair._serverWords.Wait(line => line.Contains("listening on", StringComparison.Ordinal), TimeSpan.FromSeconds(5)) is null)
        {
            throw new LabException($"socat does not listen on {server.Name}: {pair.LastWords}");
        }

        BackgroundProcess talking = client.Start("socat-client", ["socat", "STDIO", $"TCP{family}:{server.Plan.WithPort(server.Address, port)}"]);
        await talking.Tell("good morning");
        return await pair._serverHeard.Wait(line => line == "good morning", TimeSpan.FromSeconds(10)) is null
            ? throw new LabException($"socat on {client.Name} does not reach socat on {server.Name}: {pair.LastWords}")
            : pair;
    }

    /// <summary>W's socat complains with these words, now or soon.</summary>
    public Task<string?> ServerSays(string words) =>
        _serverWords.Wait(line => line.Contains(words, StringComparison.Ordinal), TimeSpan.FromSeconds(5));
}
