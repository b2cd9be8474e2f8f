using System.Globalization;
using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Applications;

/// <summary>One end of one TCP connection: <c>lab/apps/talker.py</c>, an ordinary program that reports what its calls gave it.</summary>
public sealed class Talker
{
    private readonly Sightings<TalkerEvent> _events;
    private readonly BackgroundProcess _process;
    private readonly string _who;
    private readonly CancellationToken _cancellation;
    private readonly TimeSpan _patience;
    private int _asked;

    private Talker(LabHost host, string name, TimeSpan? patience, IReadOnlyList<string> arguments)
    {
        _cancellation = host.Cancellation;
        _patience = patience ?? TimeSpan.FromSeconds(10);
        _events = new Sightings<TalkerEvent>(_cancellation);
        _who = $"{host.Name}'s {name}";
        _process = host.Start(name, host.App("talker.py", arguments), p => p.LineWritten += line => _events.Add(TalkerEvent.Parse(line)));
    }

    /// <summary>Everything the application reported so far.</summary>
    public IReadOnlyList<TalkerEvent> Events => _events.All;

    /// <summary>The first failure of a call, if any.</summary>
    public TalkerEvent? Failure => Events.FirstOrDefault(e => e.Kind == "error");

    /// <param name="patience">How long it may take to say what it was asked; null: 10 seconds.</param>
    /// <param name="address">Of the host; null: its first card's.</param>
    public static async Task<Talker> Listen(LabHost host, int port, string name = "server", TimeSpan? patience = null, string? address = null)
    {
        var talker = new Talker(host, name, patience, ["listen", address ?? host.Address, $"{port}"]);
        await talker.Report("listening");
        return talker;
    }

    /// <summary>A client that is ready to connect, and does so on <see cref="Go"/>.</summary>
    public static async Task<Talker> Ready(LabHost host, string address, int port, int ownPort = 0, string name = "client", TimeSpan? patience = null)
    {
        var talker = new Talker(host, name, patience, ["connect", address, $"{port}", $"{ownPort}"]);
        await talker.Report("ready");
        return talker;
    }

    /// <returns>The moment connect() was called.</returns>
    public async Task<Moment> Go()
    {
        await _process.Tell("go");
        return (await Report("connecting")).At;
    }

    /// <summary>Starts sending; returns when the command is given, not when the octets are through.</summary>
    public Task Send(long octets) => _process.Tell($"send {octets}");

    public Task Finish() => _process.Tell("finish");

    public Task Quit() => _process.Tell("quit");

    public async Task<TalkerCount> Count()
    {
        // Asked by number: its clock need not be this one's.
        var number = $"{++_asked}";
        await _process.Tell($"count {number}");
        return TalkerCount.Of(await _events.Wait(e => e.Kind == "count" && e.Text("number") == number, _patience)
            ?? throw new LabException($"{_who} did not say its counts; {Told()}"));
    }

    /// <summary>The sequence number of the next octet this end will send, as only the endpoint itself can know it.</summary>
    public async Task<uint> NextSequence()
    {
        var asked = Moment.Now;
        await _process.Tell("sequence");
        var told = await _events.Wait(e => e.Kind == "sequence" && e.At >= asked, TimeSpan.FromSeconds(5));
        return (uint)(told ?? throw new LabException($"{_who} did not say its sequence number; {Told()}")).Number("number");
    }

    /// <summary>Waits for a report of the application.</summary>
    public async Task<TalkerEvent> Report(string kind, TimeSpan? limit = null) =>
        await _events.Wait(e => e.Kind == kind, limit ?? _patience)
        ?? throw new LabException($"{_who} did not report '{kind}' in time; {Told()}");

    /// <summary>Waits for a report that may never come.</summary>
    public Task<TalkerEvent?> ReportWithin(string kind, TimeSpan limit) => _events.Wait(e => e.Kind == kind, limit);

    /// <summary>Waits for one of several reports.</summary>
    public Task<TalkerEvent?> ReportWithin(Predicate<TalkerEvent> wanted, TimeSpan limit) => _events.Wait(wanted, limit);

    /// <summary>Waits until this end received that many octets.</summary>
    /// <returns>Its counts then, or when the time was up.</returns>
    public async Task<TalkerCount> Received(long octets, TimeSpan limit)
    {
        var end = Moment.Now.Milliseconds + limit.TotalMilliseconds;
        while (true)
        {
            var count = await Count();
            if (count.Received >= octets || Moment.Now.Milliseconds > end)
            {
                return count;
            }

            await Task.Delay(20, _cancellation);
        }
    }

    private string Told() => Events.Count == 0 ? "it reported nothing" : $"the last it reported was {Events[^1]}";
}

/// <summary>One report of the application.</summary>
public sealed record TalkerEvent(string Kind, Moment At, JsonElement Facts)
{
    public string? Errno => Text("errno");

    public static TalkerEvent Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var facts = document.RootElement.Clone();
        return new TalkerEvent(facts.GetProperty("event").GetString()!, new Moment(facts.GetProperty("at").GetDouble()), facts);
    }

    public string? Text(string name) => Facts.TryGetProperty(name, out var value) ? value.ToString() : null;

    public long Number(string name) => long.Parse(Text(name) ?? throw new LabException($"no '{name}' in {Facts}"), CultureInfo.InvariantCulture);

    public override string ToString() => Facts.ToString();
}

/// <summary>What went through one end so far, with the SHA-256 of each direction.</summary>
public sealed record TalkerCount(long Sent, long Received, string SentDigest, string ReceivedDigest)
{
    /// <summary>What arrived is octet for octet what the other end sent.</summary>
    public bool Matches(TalkerCount other) =>
        Received == other.Sent && ReceivedDigest == other.SentDigest && Sent == other.Received && SentDigest == other.ReceivedDigest;

    internal static TalkerCount Of(TalkerEvent report) =>
        new(report.Number("sent"), report.Number("received"), report.Text("sent_sha256")!, report.Text("received_sha256")!);
}
