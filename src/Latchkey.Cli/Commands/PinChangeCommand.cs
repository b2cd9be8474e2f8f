using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;
using Latchkey.Wire;

namespace Latchkey.Cli.Commands;

/// <summary>The shape of every command that changes who may speak for an address.</summary>
internal static class PinChangeCommand
{
    /// <param name="change">Asks the daemon; is given the address.</param>
    public static Command Create(
        CliContext context, string name, string description, Func<ControlClient, string, ParseResult, CancellationToken, Task<PinChangeReport>> change)
    {
        var address = new Argument<string>("ADDRESS") { Description = "An IPv4 or IPv6 address of a peer" };
        address.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && !InetAddress.TryParse(token.Value, out _))
            {
                given.AddError($"'{token.Value}' is not an IPv4 or IPv6 address");
            }
        });
        var command = QueryCommand.Create(
            context, name, description, (client, parsed, cancellation) => change(client, parsed.GetRequiredValue(address), parsed, cancellation), ReportJson.Indented.PinChangeReport,
            report => Show(context, report));
        command.Add(address);
        return command;
    }

    private static void Show(CliContext context, PinChangeReport report)
    {
        context.Out.Line([new($"{report.Text}.")]);
        if (report.Closed > 0)
        {
            context.Out.Line([new($"Latches closed because their peer is no longer authorised: {report.Closed}. The owners of their connections were told.", Look.Warning)]);
        }
    }
}
