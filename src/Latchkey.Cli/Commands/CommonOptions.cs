using System.CommandLine;
using Latchkey.Daemon.Configuration;

namespace Latchkey.Cli.Commands;

/// <summary>Options that mean the same in every command that has them.</summary>
internal static class CommonOptions
{
    public static Option<string> Control() => new("--control")
    {
        Description = "The control socket of the daemon that is asked",
        HelpName = "PATH",
        DefaultValueFactory = _ => DaemonConfiguration.DefaultControl,
    };

    public static Option<bool> Json() => new("--json") { Description = "Answer in JSON (docs/json.md)" };

    public static Option<string> Config() => new("--config")
    {
        Description = "The configuration file",
        HelpName = "FILE",
        DefaultValueFactory = _ => DaemonConfiguration.DefaultFile,
    };
}
