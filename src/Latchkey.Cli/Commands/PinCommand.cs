using System.CommandLine;
using Latchkey.Crypto;

namespace Latchkey.Cli.Commands;

internal static class PinCommand
{
    public static Command Create(CliContext context)
    {
        var key = new Option<string?>("--key") { Description = "The fingerprint that was compared by telephone; without it, the key in use there", HelpName = "SHA256:…" };
        key.Validators.Add(given =>
        {
            if (given.Tokens is [var token] && !KeyFingerprint.TryParse(token.Value, out _))
            {
                given.AddError($"a key is named SHA256: and 43 base64 digits, not '{token.Value}'; run 'latchkey fingerprint' on the peer and copy what it prints");
            }
        });
        var close = new Option<bool>("--close") { Description = "Reset connections with that address that are tied to another key" };
        var command = PinChangeCommand.Create(
            context,
            "pin",
            "Let only one key speak for an address; live connections with that key are not touched",
            (client, address, parsed, cancellation) => client.PinAsync(address, parsed.GetValue(key), parsed.GetValue(close), cancellation));
        command.Add(key);
        command.Add(close);
        return command;
    }
}
