using System.CommandLine;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class ForgetCommand
{
    public static Command Create(CliContext context)
    {
        var address = AddressArgument.Create();
        var command = QueryCommand.Create(
            context,
            "forget",
            "Take back a pin, and forget everything that was seen at the address",
            (client, parsed, cancellation) => client.ForgetAsync(parsed.GetRequiredValue(address), cancellation),
            ReportJson.Indented.PinChangeReport,
            report => PinCommand.Show(context, report));
        command.Add(address);
        return command;
    }
}
