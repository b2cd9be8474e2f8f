using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Latchkey.Daemon.Configuration;

namespace Latchkey.Cli;

/// <summary>Says what is wrong with a command line, what was probably meant, and where to read more.</summary>
internal static class WrongUsage
{
    public static async Task ExplainAsync(ParseResult parsed, TextWriter error)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            await error.WriteLineAsync($"latchkey: a command is missing behind '{FullName(parsed.CommandResult)}'; see below, or '{FullName(parsed.CommandResult)} COMMAND --help'");
            parsed.InvocationConfiguration.Output = error;
            new HelpAction().Invoke(parsed);
            return;
        }

        foreach (var word in parsed.UnmatchedTokens)
        {
            await error.WriteLineAsync($"latchkey: {Explain(word, command)}");
        }

        // What is wrong with the command as a whole follows from the words that it does not know.
        foreach (var problem in parsed.Errors.Where(e => parsed.UnmatchedTokens.Count == 0 || e.SymbolResult is not CommandResult))
        {
            await error.WriteLineAsync($"latchkey: {problem.Message}");
        }

        await error.WriteLineAsync($"See '{FullName(parsed.CommandResult)} --help'.");
    }

    private static string Explain(string word, Command command)
    {
        if (word.StartsWith('-'))
        {
            return $"there is no option '{word}' here{Guess(word, command.Options.Select(option => option.Name))}";
        }

        return command.Subcommands.Count > 0
            ? $"there is no command '{word}'{Guess(word, command.Subcommands.Select(sub => sub.Name))}"
            : $"'{word}' is one word too many";
    }

    private static string Guess(string word, IEnumerable<string> known) => NearestWord.To(word, known) is { } near ? $"; did you mean '{near}'?" : "";

    private static string FullName(CommandResult result) => result.Parent is CommandResult parent ? $"{FullName(parent)} {result.Command.Name}" : "latchkey";
}
