using System.CommandLine;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class UnpinCommand
{
    public static Command Create(CliContext context)
    {
        var address = AddressArgument.Create();
        var command = QueryCommand.Create(
            context,
            "unpin",
            "Take back a pin: who may speak for the address is up to the configuration again; what was seen is remembered",
            (client, parsed, cancellation) => client.UnpinAsync(parsed.GetRequiredValue(address), cancellation),
            ReportJson.Indented.PinChangeReport,
            report => PinCommand.Show(context, report));
        command.Add(address);
        return command;
    }
}
