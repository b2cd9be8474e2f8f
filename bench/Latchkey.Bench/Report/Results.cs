using System.Globalization;

namespace Latchkey.Bench.Report;

/// <summary>What was measured of which peer, over all rounds.</summary>
internal sealed class Results
{
    private readonly Dictionary<(Figure Figure, string Peer), List<double>> _values = [];

    // In the order in which they were first measured.
    private readonly List<string> _peers = [];

    public IReadOnlyList<string> Peers => _peers;

    /// <summary>What a peer cannot carry, by its nature.</summary>
    public List<string> Limits { get; } = [];

    /// <summary>What could not be measured, and should have been.</summary>
    public List<string> Failures { get; } = [];

    public void Add(Figure figure, string peer, double value)
    {
        if (!_peers.Contains(peer))
        {
            _peers.Add(peer);
        }

        if (!_values.TryGetValue((figure, peer), out var values))
        {
            _values[(figure, peer)] = values = [];
        }

        values.Add(value);
    }

    /// <returns>Null when it was not measured.</returns>
    public double? Median(Figure figure, string peer) => _values.TryGetValue((figure, peer), out var values) ? Statistics.Median(values) : null;

    /// <summary>Medians of the rounds, with the smallest and the largest where there are several.</summary>
    public Table ToTable()
    {
        var table = new Table(["", .. _peers]);
        foreach (var figure in Figure.All.Where(f => _values.Keys.Any(k => k.Figure == f)))
        {
            table.Add([$"{figure.Name} ({figure.Unit})", .. _peers.Select(peer => Cell(figure, peer))]);
        }

        return table;
    }

    /// <summary>How many times the figure of each other peer <paramref name="peer"/> reaches.</summary>
    public Table Ratios(string peer, params IReadOnlyList<Figure> figures)
    {
        string[] others = [.. _peers.Where(p => p != peer)];
        var table = new Table([peer, .. others.Select(o => $"of {o}")]);
        foreach (var figure in figures)
        {
            table.Add([figure.Name, .. others.Select(o => Median(figure, peer) is { } mine && Median(figure, o) is { } theirs and > 0 ? Text(mine / theirs, "0.00") : "")]);
        }

        return table;
    }

    public Panel ToPanel(Figure figure) =>
        new(figure.Name, figure.Unit, [.. from peer in _peers let value = Median(figure, peer) where value is not null select new Bar(peer, value.Value)]);

    private string Cell(Figure figure, string peer)
    {
        if (!_values.TryGetValue((figure, peer), out var values))
        {
            return "";
        }

        var median = Text(Statistics.Median(values), figure.Format);
        return values.Count == 1 ? median : $"{median} ({Text(values.Min(), figure.Format)}–{Text(values.Max(), figure.Format)})";
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
