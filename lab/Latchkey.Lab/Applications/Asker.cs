using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>A connected UDP socket: <c>lab/apps/asker.py</c>, an ordinary program that reports what its calls gave it.</summary>
public sealed class Asker
{
    private readonly Sightings<TalkerEvent> _events;
    private readonly BackgroundProcess _process;

    private Asker(LabHost host, string address, int port)
    {
        _events = new Sightings<TalkerEvent>(host.Cancellation);
        _process = host.Start("asker", host.App("asker.py", address, $"{port}"), p => p.LineWritten += line => _events.Add(TalkerEvent.Parse(line)));
    }

    public static async Task<Asker> Connect(LabHost host, string address, int port)
    {
        var asker = new Asker(host, address, port);
        _ = await asker.Report("ready", TimeSpan.FromSeconds(10)) ?? throw new LabException($"{host.Name}'s asker did not start");
        return asker;
    }

    /// <summary>Sends one datagram.</summary>
    /// <returns>The moment before.</returns>
    public async Task<Moment> Ask()
    {
        var now = Moment.Now;
        await _process.Tell("ask");
        return now;
    }

    /// <summary>The first failure of a call, if any.</summary>
    public TalkerEvent? Failure => _events.All.FirstOrDefault(e => e.Kind == "error");

    public Task<TalkerEvent?> Report(string kind, TimeSpan limit) => _events.Wait(e => e.Kind == kind, limit);
}
