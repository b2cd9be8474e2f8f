using Spectre.Console;

namespace Latchkey.Cli.Output;

/// <summary>Named facts below each other.</summary>
internal sealed class Facts(IAnsiConsole console)
{
    private readonly List<(string Name, string Value)> _facts = [];

    public void Add(string name, string value) => _facts.Add((name, value));

    public void Write()
    {
        var width = _facts.Max(f => f.Name.Length) + 2;
        foreach (var (name, value) in _facts)
        {
            console.Line([new(name.PadRight(width), Look.Faint), new(value)]);
        }
    }
}
