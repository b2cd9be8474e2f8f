using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Crypto;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class PinCommand
{
    public static Command Create(CliContext context)
    {
        var address = AddressArgument.Create();
        var key = new Option<string?>("--key") { Description = "The fingerprint that was compared by telephone; without it, the key in use there", HelpName = "SHA256:…" };
        var close = new Option<bool>("--close") { Description = "Reset connections with that address that are tied to another key" };
        key.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && !KeyFingerprint.TryParse(token.Value, out _))
            {
                given.AddError($"a key is named SHA256: and 43 base64 digits, not '{token.Value}'; run 'latchkey fingerprint' on the peer and copy what it prints");
            }
        });
        var command = QueryCommand.Create(
            context,
            "pin",
            "Let only one key speak for an address; live connections with that key are not touched",
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
