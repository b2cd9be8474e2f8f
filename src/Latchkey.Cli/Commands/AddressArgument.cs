using System.CommandLine;
using Latchkey.Wire;

namespace Latchkey.Cli.Commands;

/// <summary>The address that a pin is about.</summary>
internal static class AddressArgument
{
    public static Argument<string> Create()
    {
        var address = new Argument<string>("ADDRESS") { Description = "An IPv4 or IPv6 address of a peer" };
        address.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !InetAddress.TryParse(token.Value, out _))
            {
                result.AddError($"'{token.Value}' is not an IPv4 or IPv6 address");
            }
        });
        return address;
    }
}
