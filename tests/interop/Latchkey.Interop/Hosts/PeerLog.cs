using System.Text.RegularExpressions;
using Latchkey.Lab.Stories;

namespace Latchkey.Interop.Hosts;

/// <summary>What a peer's daemon has logged, through all its restarts.</summary>
/// <param name="cancellation">Ends every wait.</param>
public sealed class PeerLog(CancellationToken cancellation)
{
    private readonly Sightings<LogLine> _lines = new(cancellation);
    private int _count;

    public IReadOnlyList<string> Lines => [.. _lines.All.Select(line => line.Text)];

    public void Add(string text) => _lines.Add(new LogLine(Interlocked.Increment(ref _count), text));

    /// <summary>The first line behind a certain one that looks so, at once if it was logged already.</summary>
    /// <returns>Null when the time is up.</returns>
    public Task<LogLine?> Wait(int after, Regex wanted, TimeSpan limit) => _lines.Wait(line => line.Number > after && wanted.IsMatch(line.Text), limit);
}

/// <param name="Number">Which line it is, from 1.</param>
public sealed record LogLine(int Number, string Text);
