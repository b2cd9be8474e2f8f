using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>One end of many TCP connections that all talk at once: <c>lab/apps/crowd.py</c>, an ordinary program.</summary>
public sealed class Crowd
{
    private readonly Sightings<TalkerEvent> _events;
    private readonly BackgroundProcess _process;
    private readonly string _who;

    private Crowd(LabHost host, string role, string address, int port, int count)
    {
        _events = new Sightings<TalkerEvent>(host.Cancellation);
        _who = $"{host.Name}'s crowd ({role})";
        _process = host.Start($"crowd-{role}", host.App("crowd.py", role, address, $"{port}", $"{count}"), p => p.LineWritten += line => _events.Add(TalkerEvent.Parse(line)));
    }

    /// <summary>What the calls of its connections failed with, so far.</summary>
    public IReadOnlyList<TalkerEvent> Failures => [.. _events.All.Where(e => e.Kind == "error")];

    public static async Task<Crowd> Listen(LabHost host, int port, int count)
    {
        var crowd = new Crowd(host, "listen", host.Address, port, count);
        await crowd.Report("listening", TimeSpan.FromSeconds(10));
        return crowd;
    }

    public static Crowd Connect(LabHost host, string address, int port, int count) => new(host, "connect", address, port, count);

    /// <summary>Waits until all connections stand.</summary>
    public Task Complete(TimeSpan limit) => Report("complete", limit);

    /// <summary>Waits until every connection has received something that it receives from now on.</summary>
    /// <returns>False when the time was up.</returns>
    public async Task<bool> Moves(TimeSpan limit)
    {
        var asked = Moment.Now;
        await _process.Tell("mark");
        return await _events.Wait(e => e.Kind == "error" || (e.Kind == "moved" && e.At >= asked), limit) is { Kind: "moved" };
    }

    /// <summary>Ends every stream at both ends, so it must be asked of both at once.</summary>
    /// <returns>Each connection by its name, which both ends know.</returns>
    public async Task<IReadOnlyDictionary<string, CrowdCount>> Stop(TimeSpan limit)
    {
        await _process.Tell("stop");
        return (await Report("done", limit)).Facts.GetProperty("connections").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, CrowdCount.Of);
    }

    private async Task<TalkerEvent> Report(string kind, TimeSpan limit) =>
        await _events.Wait(e => e.Kind == kind, limit) ?? throw new LabException($"{_who} did not report '{kind}' in time");
}

/// <summary>What went through one end of one connection.</summary>
public sealed record CrowdCount(TalkerCount Count, bool Failed)
{
    public bool Matches(CrowdCount other) => !Failed && !other.Failed && Count.Matches(other.Count);

    internal static CrowdCount Of(JsonElement report) => new(
        new TalkerCount(
            report.GetProperty("sent").GetInt64(), report.GetProperty("received").GetInt64(),
            report.GetProperty("sent_sha256").GetString()!, report.GetProperty("received_sha256").GetString()!),
        report.GetProperty("failed").GetBoolean());
}
