using Spectre.Console;

namespace Latchkey.Cli.Output;

/// <summary>
/// A table without lines: columns as wide as their widest cell, two blanks apart, one row a line. The same in a
/// terminal and in a pipe, where every cell has a value ("-" for none) so that columns can be counted.
/// </summary>
internal sealed class Columns(params string[] headers)
{
    private readonly List<Piece[]> _rows = [];

    public void Add(params Piece[] row) => _rows.Add(row);

    public void Write(IAnsiConsole console)
    {
        var widths = headers.Select((header, column) => _rows.Select(row => row[column].Text.Length).Append(header.Length).Max()).ToArray();
        WriteRow(console, [.. headers.Select(h => new Piece(h, Look.Strong))], widths);
        foreach (var row in _rows)
        {
            WriteRow(console, row, widths);
        }
    }

    private static void WriteRow(IAnsiConsole console, Piece[] row, int[] widths) => console.Line(
        [.. row.Select((piece, column) => column == row.Length - 1 ? piece : piece with { Text = piece.Text.PadRight(widths[column] + 2) })]);
}
