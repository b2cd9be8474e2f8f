using System.CommandLine;

namespace Latchkey.Cli.Commands;

internal static class UnpinCommand
{
    public static Command Create(CliContext context) => PinChangeCommand.Create(
        context,
        "unpin",
        "Take back a pin: who may speak for the address is up to the configuration again; what was seen is remembered",
        (client, address, _, cancellation) => client.UnpinAsync(address, cancellation));
}
