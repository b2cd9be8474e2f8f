using Latchkey.Cli.Output;
using Spectre.Console;

namespace Latchkey.Cli;

/// <summary>Where commands write to, and what time it is: the terminal, or a test's buffers.</summary>
/// <param name="Out">Results for people: with colour in a terminal, plain in a pipe.</param>
/// <param name="Plain">Results for programs.</param>
/// <param name="Error">What went wrong.</param>
public sealed record CliContext(IAnsiConsole Out, TextWriter Plain, TextWriter Error, TimeProvider Time)
{
    public static CliContext ForConsole()
    {
        var output = new StandardOutput();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = output, Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        return new(console, output.Writer, Console.Error, TimeProvider.System);
    }
}
