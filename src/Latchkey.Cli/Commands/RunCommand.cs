using System.CommandLine;
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
        var command = new Command("run", "Run the daemon, until SIGTERM or Ctrl-C") { config };
        command.SetAction(async (parsed, cancellation) =>
        {
            var result = ConfigurationReader.ReadFile(parsed.GetRequiredValue(config));
            if (result.Configuration is null)
            {
                foreach (var error in result.Errors)
                {
                    await context.Error.WriteLineAsync($"latchkey: {error}");
                }

                return CommandLine.Failed;
            }

            using var output = StandardErrorLog.ForProcess();
            using var logs = LoggerFactory.Create(builder => builder.AddProvider(output).AddFilter("Microsoft", LogLevel.Warning));
            await DaemonHost.RunAsync(result.Configuration, result.Warnings, logs, cancellation);
            return CommandLine.Done;
        });
        return command;
    }
}
