using Latchkey.Daemon.Logging;
using Spectre.Console;

namespace Latchkey.Cli.Output;

/// <summary>A piece of a line in one look.</summary>
internal readonly record struct Piece(string Text, Style? Style = null)
{
    public string Text { get; init; } = Printable.Of(Text);
}

internal static class LineExtensions
{
    public static void Line(this IAnsiConsole console, IReadOnlyList<Piece> pieces)
    {
        foreach (var piece in pieces)
        {
            console.Write(new Text(piece.Text, piece.Style));
        }

        console.WriteLine();
    }
}
