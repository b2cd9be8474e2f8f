using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>Many TCP connections in one program: <c>lab/apps/waiters.py</c>.</summary>
public sealed class Waiters
{
    /// <summary>A thousand connections are made one after the other, on a host that may be busy.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Sightings<TalkerEvent> _events;
    private readonly BackgroundProcess _process;
    private readonly string _host;

    private Waiters(LabHost host, IReadOnlyList<string> arguments)
    {
        _host = host.Name;
        _events = new Sightings<TalkerEvent>(host.Cancellation);
        _process = host.Start("waiters", host.App("waiters.py", arguments), p => p.LineWritten += line => _events.Add(TalkerEvent.Parse(line)));
    }

    public static async Task<Waiters> Serve(LabHost host, params IReadOnlyList<int> ports)
    {
        var waiters = new Waiters(host, ["serve", host.Address, .. ports.Select(port => $"{port}")]);
        await waiters.Report("listening");
        return waiters;
    }

    /// <summary>Returns when all connections are made.</summary>
    public static async Task<Waiters> Connect(LabHost host, string address, params IReadOnlyList<(int Port, int From, int Count)> plans)
    {
        var waiters = new Waiters(host, ["connect", address, .. plans.Select(plan => $"{plan.Port}={plan.From}+{plan.Count}")]);
        await waiters.Report("connected");
        return waiters;
    }

    /// <summary>What it has now.</summary>
    public async Task<WaitersCount> Count()
    {
        var asked = Moment.Now;
        await _process.Tell("count");
        return new WaitersCount((await _events.Wait(e => e.Kind == "count" && e.At >= asked, Patience)
            ?? throw new LabException($"{_host}'s waiters did not say its counts")).Facts);
    }

    private async Task Report(string kind) =>
        _ = await _events.Wait(e => e.Kind == kind, Patience) ?? throw new LabException($"{_host}'s waiters did not report '{kind}' in time; see its log");
}

/// <summary>Connections by the server's port.</summary>
public sealed record WaitersCount(JsonElement Facts)
{
    /// <summary>Connections that live.</summary>
    public int Live(int port) => Number(Facts.GetProperty("live"), port);

    /// <summary>Octets received from clients: one for each connection.</summary>
    public int Heard(int port) => Number(Facts.GetProperty("heard"), port);

    /// <summary>Connections that ended with ECONNRESET, and when the first and the last of them did.</summary>
    public (int Count, Moment First, Moment Last) Resets(int port)
    {
        if (Facts.GetProperty("failed").TryGetProperty($"{port}", out var errors) && errors.TryGetProperty("ECONNRESET", out var resets))
        {
            return (resets.GetProperty("count").GetInt32(), new Moment(resets.GetProperty("first").GetDouble()), new Moment(resets.GetProperty("last").GetDouble()));
        }

        return default;
    }

    private static int Number(JsonElement of, int port) => of.TryGetProperty($"{port}", out var value) ? value.GetInt32() : 0;
}
