using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;

namespace Latchkey.Cli.Commands;

internal static class UnprotectCommand
{
    public static Command Create(CliContext context)
    {
        var config = CommonOptions.Config();
        var command = new Command("unprotect", "Take away what a stopped daemon left on the host to block protected traffic, which then flows in clear") { config };
        command.SetAction(async (parsed, _) =>
        {
            // Which state directory is looked at decides whether a daemon is found to run.
            var result = ConfigurationReader.ReadFile(parsed.GetRequiredValue(config));
            if (result.Configuration is not { } configuration)
            {
                return await Findings.RefuseAsync(context, result);
            }

            Unprotection.Remove(configuration.Settings);
            context.Out.Line([new("Removed the routing rules, routes and filter. What was protected now flows in clear.", Look.Warning)]);
            return CommandLine.Done;
        });
        return command;
    }
}
