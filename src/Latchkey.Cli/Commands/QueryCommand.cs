using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Daemon.Control;

namespace Latchkey.Cli.Commands;

/// <summary>The shape of every command that asks the daemon one thing: ask, then show it to a person or a program.</summary>
internal static class QueryCommand
{
    /// <param name="isDone">Whether the daemon did what was asked; null when it always does.</param>
    public static Command Create<T>(
        CliContext context,
        string name,
        string description,
        Func<ControlClient, ParseResult, CancellationToken, Task<T>> ask,
        JsonTypeInfo<T> type,
        Action<T> show,
        Func<T, bool>? isDone = null)
    {
        var control = CommonOptions.Control();
        var json = CommonOptions.Json();
        var command = new Command(name, description) { control, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new ControlClient(parsed.GetRequiredValue(control));
            var report = await ask(client, parsed, cancellation);
            if (parsed.GetValue(json))
            {
                await context.Plain.WriteLineAsync(JsonSerializer.Serialize(report, type));
            }
            else
            {
                show(report);
            }

            return isDone?.Invoke(report) ?? true ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }
}
