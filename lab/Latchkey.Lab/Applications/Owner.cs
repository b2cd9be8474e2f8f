using System.Text.Json;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>
/// A server with a say in its own connection: <c>lab/apps/owner.py</c>, which runs as the user "nobody" and asks the daemon
/// over the control socket.
/// </summary>
public sealed class Owner
{
    private readonly Sightings<TalkerEvent> _events;
    private readonly BackgroundProcess _process;

    private Owner(LabHost host, int port, string listenerWish, string connectionWish)
    {
        _events = new Sightings<TalkerEvent>(host.Cancellation);
        _process = host.Start(
            $"owner-{port}", host.App("owner.py", LatchkeyDaemon.ControlPath(host.Folder), host.Address, $"{port}", listenerWish, connectionWish),
            p => p.LineWritten += line => _events.Add(TalkerEvent.Parse(line)));
    }

    /// <summary>The first failure of a call, if any.</summary>
    public TalkerEvent? Failure => _events.All.FirstOrDefault(e => e.Kind == "error");

    /// <summary>The daemon's events it was sent.</summary>
    public IReadOnlyList<TalkerEvent> Alerts => [.. _events.All.Where(e => e.Kind == "alert")];

    /// <param name="listenerWish">JSON for <c>POST /listener</c>; null: nothing.</param>
    /// <param name="connectionWish">JSON for <c>POST /connection</c>; null: nothing.</param>
    public static async Task<Owner> Listen(LabHost host, int port, string? listenerWish = null, string? connectionWish = null)
    {
        var owner = new Owner(host, port, listenerWish ?? "-", connectionWish ?? "-");
        await owner.Report("listening");
        return owner;
    }

    public async Task<TalkerEvent> Report(string kind) =>
        await _events.Wait(e => e.Kind == kind, TimeSpan.FromSeconds(20))
        ?? throw new LabException($"{_process.Name} did not report '{kind}' in time; see {_process.LogFile}");

    /// <summary>What the daemon said of its connection.</summary>
    public async Task<JsonElement> Latch() => (await Report("latch")).Facts.GetProperty("answer");

    public Task<TalkerEvent?> Alert(string kind, TimeSpan limit) => _events.Wait(e => e.Kind == "alert" && e.Text("kind") == kind, limit);

    public Task<TalkerEvent?> ReportWithin(string kind, TimeSpan limit) => _events.Wait(e => e.Kind == kind, limit);

    public Task Send(int octets) => _process.Tell($"send {octets}");

    /// <returns>The status of the answer, and what it says.</returns>
    public Task<(int Status, JsonElement Answer)> Choose(string wish) => Ask($"choose {wish}", "granted");

    /// <summary>Asks about a connection that may be somebody else's.</summary>
    public Task<(int Status, JsonElement Answer)> Spy(string flow) => Ask($"spy {flow}", "spied");

    /// <summary>Waits until it received that many octets.</summary>
    public async Task<TalkerCount> Received(long octets, TimeSpan limit)
    {
        var end = Moment.Now.Milliseconds + limit.TotalMilliseconds;
        while (true)
        {
            var asked = Moment.Now;
            await _process.Tell("count");
            var count = TalkerCount.Of(
                await _events.Wait(e => e.Kind == "count" && e.At >= asked, TimeSpan.FromSeconds(10)) ?? throw new LabException($"{_process.Name} did not say its counts"));
            if (count.Received >= octets || Moment.Now.Milliseconds > end)
            {
                return count;
            }

            await Task.Delay(20);
        }
    }

    private async Task<(int Status, JsonElement Answer)> Ask(string command, string report)
    {
        var asked = Moment.Now;
        await _process.Tell(command);
        var told = await _events.Wait(e => e.Kind == report && e.At >= asked, TimeSpan.FromSeconds(20)) ?? throw new LabException($"{_process.Name} got no answer to '{command}'");
        return ((int)told.Number("status"), told.Facts.GetProperty("answer"));
    }
}
