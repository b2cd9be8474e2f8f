using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class CloseCommand
{
    public static Command Create(CliContext context)
    {
        var latch = new Argument<uint>("LATCH") { Description = "The number that 'latchkey latches' shows", CustomParser = Number };
        var command = QueryCommand.Create(
            context,
            "close",
            "Close a latch: its connection is reset here, the peer is not asked",
            (client, parsed, cancellation) => client.CloseLatchAsync(parsed.GetRequiredValue(latch), cancellation),
            ReportJson.Indented.ClosedReport,
            report => context.Out.Line([new($"Latch {report.Id} is closed; the owner of its connection was told.")]));
        command.Add(latch);
        return command;
    }

    private static uint Number(ArgumentResult given)
    {
        if (!uint.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            given.AddError($"a latch is named by its number, for example 7, not '{given.Tokens[0].Value}'; 'latchkey latches' shows it");
        }

        return number;
    }
}
