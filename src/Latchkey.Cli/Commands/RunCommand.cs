using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Logging;
using Microsoft.Extensions.Logging;

namespace Latchkey.Cli.Commands;

internal static class RunCommand
{
    public static Command Create(CliContext context)
    {
        var config = CommonOptions.Config();
        var command = new Command("run", "Run the daemon in the foreground, until SIGTERM or Ctrl-C") { config };
        command.SetAction(async (parsed, cancellation) =>
        {
            var result = ConfigurationReader.ReadFile(parsed.GetRequiredValue(config));
            if (result.Configuration is null)
            {
                return await Findings.RefuseAsync(context, result);
            }

            using var output = StandardErrorLog.ForProcess();
            using var logs = LoggerFactory.Create(builder => builder.AddProvider(output).AddFilter("Microsoft", LogLevel.Warning));
            await DaemonHost.RunAsync(result.Configuration, result.Warnings, logs, cancellation);
            return CommandLine.Done;
        });
        return command;
    }
}
