using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;

namespace Latchkey.Cli.Commands;

internal static class UnprotectCommand
{
    public static Command Create(CliContext context)
    {
        var config = CommonOptions.Config();
        var command = new Command("unprotect", "Take away what a stopped daemon left to keep protected traffic in; it flows in clear afterwards") { config };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(config);
            var configuration = ConfigurationReader.ReadFile(file).Configuration
                ?? throw new StartupException($"{file} cannot be used, so it is not known whether a daemon runs", $"see 'latchkey check --config {file}'");
            Unprotection.Remove(configuration.Settings);
            context.Out.Line([new("Removed the routing rules, routes and filter. What was protected now flows in clear.", Look.Warning)]);
            return CommandLine.Done;
        });
        return command;
    }
}
