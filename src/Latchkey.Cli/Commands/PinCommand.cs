using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class PinCommand
{
    public static Command Create(CliContext context)
    {
        var address = AddressArgument.Create();
        var key = new Option<string?>("--key") { Description = "The fingerprint that was compared by telephone; without it, the key in use there", HelpName = "SHA256:…" };
        var close = new Option<bool>("--close") { Description = "Reset connections with that address that are tied to another key" };
        var command = QueryCommand.Create(
            context,
            "pin",
            "Lock down: let only one key speak for an address; the live connection with that key is not touched",
            (client, parsed, cancellation) => client.PinAsync(parsed.GetRequiredValue(address), parsed.GetValue(key), parsed.GetValue(close), cancellation),
            ReportJson.Indented.PinChangeReport,
            report => Show(context, report));
        command.Add(address);
        command.Add(key);
        command.Add(close);
        return command;
    }

    /// <summary>The same for every change of a pin.</summary>
    internal static void Show(CliContext context, PinChangeReport report)
    {
        context.Out.Line([new($"{report.Text}.")]);
        if (report.Closed > 0)
        {
            context.Out.Line([new($"{report.Closed} latches whose peer is no longer authorised were closed; the owners of their connections were told.", Look.Warning)]);
        }
    }
}
