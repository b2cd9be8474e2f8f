using Spectre.Console;

namespace Latchkey.Lab.Stories;

/// <summary>Tells a person what happens, while it happens, with the time since the story began.</summary>
public sealed class Narrator
{
    private readonly IAnsiConsole _console;
    private Moment _beginning = Moment.Now;

    /// <param name="output">Standard output for a person, standard error when a program reads the result.</param>
    public Narrator(TextWriter output)
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected || output is StringWriter)
        {
            // Nobody watches a width: lines are not to be broken for a screen that is not there.
            _console.Profile.Width = 400;
        }
    }

    public void Headline(string text)
    {
        _beginning = Moment.Now;
        _console.WriteLine();
        _console.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    public void Say(string text) => _console.MarkupLineInterpolated($"[grey]{Moment.Now - _beginning,8:0} ms[/]  {text}");

    public void Verdict(Check check)
    {
        if (check.Passed)
        {
            _console.MarkupLineInterpolated($"         [green]✓[/]   {check.Name} [grey]({check.Observed})[/]");
        }
        else
        {
            _console.MarkupLineInterpolated($"         [red]✗   {check.Name}: {check.Observed}[/]");
        }
    }

    public void Table(IReadOnlyList<string> headings, IEnumerable<string[]> rows)
    {
        var table = new Table().RoundedBorder();
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        _console.Write(table);
    }

    public void Plain(string text) => _console.WriteLine(text);
}
