using System.CommandLine;

namespace Latchkey.Cli.Commands;

internal static class ForgetCommand
{
    public static Command Create(CliContext context) => PinChangeCommand.Create(
        context,
        "forget",
        "Take back a pin, and forget everything that was seen at the address",
        (client, address, _, cancellation) => client.ForgetAsync(address, cancellation));
}
