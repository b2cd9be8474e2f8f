using System.Globalization;
using System.Security;
using System.Text;

namespace Latchkey.Bench.Report;

/// <param name="Value">Not negative.</param>
internal sealed record Bar(string Label, double Value);

/// <summary>Bars that lie one under the other, each panel with a scale of its own.</summary>
internal sealed record Panel(string Title, string Unit, IReadOnlyList<Bar> Bars);

/// <summary>Draws panels as an SVG that needs nothing beside it and can be read on a light and on a dark page.</summary>
internal static class BarChart
{
    private const int Width = 760;
    private const int LabelWidth = 240;
    private const int BarWidth = 400;
    private const int Row = 22;
    private const int TitleRow = 34;

    public static string Draw(IReadOnlyList<Panel> panels)
    {
        var height = panels.Sum(p => TitleRow + (p.Bars.Count * Row)) + Row;
        var svg = new StringBuilder();
        Line(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="13">""");
        Line(svg, $"""<rect width="{Width}" height="{height}" fill="white"/>""");
        var y = 0;
        foreach (var panel in panels)
        {
            y += TitleRow;
            Line(svg, $"""<text x="8" y="{y - 10}" font-weight="bold">{Text(panel.Title)}, {Text(panel.Unit)}</text>""");
            var longest = panel.Bars.Select(b => b.Value).DefaultIfEmpty().Max();
            foreach (var bar in panel.Bars)
            {
                var length = longest > 0 ? bar.Value / longest * BarWidth : 0;
                Line(svg, $"""<text x="{LabelWidth - 8}" y="{y + 14}" text-anchor="end">{Text(bar.Label)}</text>""");
                Line(svg, $"""<rect x="{LabelWidth}" y="{y + 2}" width="{Number(length)}" height="{Row - 6}" fill="{(bar.Label.StartsWith("latchkey", StringComparison.Ordinal) ? "#c2410c" : "#64748b")}"/>""");
                Line(svg, $"""<text x="{Number(LabelWidth + length + 6)}" y="{y + 14}">{Number(bar.Value)}</text>""");
                y += Row;
            }
        }

        Line(svg, "</svg>");
        return svg.ToString();
    }

    private static void Line(StringBuilder svg, string line) => svg.Append(line).Append('\n');

    private static string Text(string text) => SecurityElement.Escape(text);

    private static string Number(double value) => value.ToString(value >= 100 ? "0" : "0.##", CultureInfo.InvariantCulture);
}
