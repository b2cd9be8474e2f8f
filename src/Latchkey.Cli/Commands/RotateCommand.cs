using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Identity;

namespace Latchkey.Cli.Commands;

internal static class RotateCommand
{
    public static Command Create(CliContext context)
    {
        var config = CommonOptions.Config();
        var command = new Command("rotate", "Make a new key for this host, for which the old one vouches; the daemon uses it from its next start") { config };
        command.SetAction(async (parsed, _) =>
        {
            var result = ConfigurationReader.ReadFile(parsed.GetRequiredValue(config));
            if (result.Configuration is not { } configuration)
            {
                return await Findings.RefuseAsync(context, result);
            }

            var (old, fresh) = IdentityStore.Rotate(configuration.Settings.KeyFile, SystemRandom.Instance, context.Time.GetUtcNow().UtcDateTime);
            context.Out.Line([new($"The new key is {fresh}", Look.Strong)]);
            context.Out.Line([new($"The old one, {old}, vouches for it; peers that pinned the old key accept the new one without a warning.")]);
            context.Out.Line([new("Restart the daemon to use it. Until then it goes on with the old key; connections of today end with the restart.")]);
            context.Out.Line([new("Peers that list this host as a [[peer]] must be given the new fingerprint by hand.")]);
            return CommandLine.Done;
        });
        return command;
    }
}
