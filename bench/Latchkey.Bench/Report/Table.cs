namespace Latchkey.Bench.Report;

/// <summary>A table as Markdown writes it, readable as it is.</summary>
internal sealed class Table(IReadOnlyList<string> head)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public void Add(IReadOnlyList<string> row)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Count, head.Count);
        _rows.Add(row);
    }

    public override string ToString()
    {
        var widths = Enumerable.Range(0, head.Count).Select(c => _rows.Append(head).Max(row => row[c].Length)).ToArray();
        IEnumerable<string> lines = [Line(head), $"|{string.Join("|", widths.Select((w, c) => new string('-', w + 1) + (c == 0 ? '-' : ':')))}|", .. _rows.Select(Line)];
        return string.Join('\n', lines);

        // Names stand on the left, numbers on the right.
        string Line(IReadOnlyList<string> row) => $"| {string.Join(" | ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c])))} |";
    }
}
