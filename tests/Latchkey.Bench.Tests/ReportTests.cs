using System.Globalization;
using System.Xml.Linq;
using Latchkey.Bench.Handshakes;
using Latchkey.Bench.Report;
using Xunit;

namespace Latchkey.Bench.Tests;

/// <summary>What is written of the figures says what they are.</summary>
public class ReportTests
{
    private static readonly string[] Names = ["raw", "latchkey", "tcp", "udp", "datapath"];

    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 9, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 100 }, 3)]
    public void A_median_is_the_middle(double[] values, double median) => Assert.Equal(median, Statistics.Median(values));

    [Fact]
    public void Nothing_has_no_median() => Assert.Throws<ArgumentException>(() => Statistics.Median([]));

    [Fact]
    public void A_table_lines_up()
    {
        var table = new Table(["", "a"]);
        table.Add(["first", "1"]);
        table.Add(["2nd", "1,000"]);
        Assert.Equal(
            """
            |       |     a |
            |-------|------:|
            | first |     1 |
            | 2nd   | 1,000 |
            """,
            table.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Add(["too short"]));
    }

    [Fact]
    public void Rounds_come_to_a_median_with_its_range()
    {
        var results = Measured();
        Assert.Equal(2, results.Median(Figure.Tcp1, "latchkey"));
        Assert.Null(results.Median(Figure.Tcp8, "latchkey"));
        var table = results.ToTable().ToString();
        Assert.Contains("2.00 (1.00–4.00)", table, StringComparison.Ordinal);
        Assert.Contains("TCP, 1 stream (Gbit/s)", table, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ratio_is_to_what_was_measured_and_to_nothing_else()
    {
        var lines = Measured().Ratios("latchkey", Figure.Tcp1, Figure.Tcp8).ToString().Split('\n');
        Assert.Equal(["latchkey", "of raw"], Cells(lines[0]));
        Assert.Equal(["TCP, 1 stream", "0.25"], Cells(lines[2]));
        Assert.Equal(["TCP, 8 streams", ""], Cells(lines[3]));
    }

    [Fact]
    public void A_bar_is_as_long_as_its_value_and_any_text_is_only_text()
    {
        var svg = XDocument.Parse(BarChart.Draw([new Panel("a < b & c", "Gbit/s", [new Bar("<raw>", 8), new Bar("latchkey", 2), new Bar("none", 0)])]));
        var ns = svg.Root!.GetDefaultNamespace();
        double[] lengths = [.. svg.Descendants(ns + "rect").Skip(1).Select(r => double.Parse(r.Attribute("width")!.Value, CultureInfo.InvariantCulture))];
        Assert.Equal([400, 100, 0], lengths);
        Assert.Contains(svg.Descendants(ns + "text"), t => t.Value == "<raw>");
        Assert.Contains(svg.Descendants(ns + "text"), t => t.Value == "a < b & c, Gbit/s");
    }

    [Fact]
    public void A_chart_of_nothing_but_zeros_is_a_chart() =>
        Assert.DoesNotContain("NaN", BarChart.Draw([new Panel("p", "u", [new Bar("x", 0)]), new Panel("q", "u", [])]), StringComparison.Ordinal);

    [Fact]
    public void The_page_names_the_machine_and_what_was_not_measured()
    {
        var results = Measured();
        results.Failures.Add("libipsec: no SA");
        var page = new PerformancePage(new Machine(2, "an EPYC", "6.1", "24 GiB", "0.10", "10.0"), new Plan([], 3, 5)) { Results = results }.ToMarkdown();
        Assert.Contains("2 cores of an EPYC, 24 GiB, Linux 6.1, .NET 10.0; load average at the start 0.10.\n\n3 rounds of transfers of 5 s", page, StringComparison.Ordinal);
        Assert.Contains("- libipsec: no SA", page, StringComparison.Ordinal);
        Assert.DoesNotContain("## Growth", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_machine_is_known()
    {
        var here = Machine.Here();
        Assert.Equal(Environment.ProcessorCount, here.Cores);
        Assert.EndsWith(" GiB", here.Memory, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "raw latchkey tcp udp datapath")]
    [InlineData("latchkey", "latchkey tcp udp datapath")]
    [InlineData("tcp", "raw latchkey tcp")]
    [InlineData("latchkey,tcp", "latchkey tcp")]
    public void Only_what_is_named_is_measured(string only, string has)
    {
        var plan = new Plan(only.Split(',', StringSplitOptions.RemoveEmptyEntries), 1, 1);
        Assert.Equal(has, string.Join(' ', Names.Where(plan.Has)));
    }

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(c => c.Trim())];

    private static Results Measured()
    {
        var results = new Results();
        results.Add(Figure.Tcp1, "raw", 8);
        foreach (var value in new double[] { 4, 1, 2 })
        {
            results.Add(Figure.Tcp1, "latchkey", value);
        }

        results.Add(Figure.Tcp8, "raw", 9);
        return results;
    }

    [Fact]
    public void A_section_that_is_measured_by_itself_is_replaced_and_outlives_the_page()
    {
        var folder = Directory.CreateTempSubdirectory("latchkey-bench-");
        try
        {
            var section = new PageSection(folder, HandshakeCommand.Heading);
            section.Write("first");
            section.Write("second\n");
            Assert.Equal($"{HandshakeCommand.Heading}\n\nsecond\n", File.ReadAllText(section.File));

            new PerformancePage(Machine.Here(), new Plan([], 1, 1)).Write(folder);
            var page = File.ReadAllText(section.File);
            Assert.StartsWith("# Performance", page, StringComparison.Ordinal);
            Assert.EndsWith($"\n\n{HandshakeCommand.Heading}\n\nsecond\n", page, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
