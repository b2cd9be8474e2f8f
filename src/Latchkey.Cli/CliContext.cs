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
        var output = StandardOutput.Open();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });

        // Lines are as long as they are; a terminal wraps better than we guess, and a pipe must get whole lines.
        console.Profile.Width = int.MaxValue;
        return new(console, output, Console.Error, TimeProvider.System);
    }
}
