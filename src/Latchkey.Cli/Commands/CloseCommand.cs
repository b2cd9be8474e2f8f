using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class CloseCommand
{
    public static Command Create(CliContext context)
    {
        var latch = new Argument<uint>("LATCH") { Description = "Its number in 'latchkey latches'" };
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
}
