using System.CommandLine;
using System.CommandLine.Help;
using Latchkey.Cli.Commands;
using Latchkey.Cli.Output;
using Latchkey.Daemon;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Logging;
using Latchkey.Lab;

namespace Latchkey.Cli;

/// <summary>The <c>latchkey</c> command. Exit status: 0 done, 1 refused or failed, 2 wrong usage.</summary>
public static class CommandLine
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int UsedWrongly = 2;

    /// <summary>After SIGTERM or Ctrl-C: long enough for the daemon to say goodbye, short enough for a service manager.</summary>
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(string[] args, CliContext context, CancellationToken cancellation)
    {
        var parsed = Create(context).Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            await WrongUsage.ExplainAsync(parsed, context.Error);
            return UsedWrongly;
        }

        try
        {
            var settings = new InvocationConfiguration
            {
                Output = context.Plain,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeToStop,
            };
            return await parsed.InvokeAsync(settings, cancellation);
        }
        catch (ControlException e)
        {
            return await Refuse(context, e.Problem, e.Remedy);
        }
        catch (StartupException e)
        {
            return await Refuse(context, e.Problem, e.Remedy);
        }
        catch (IOException e) when (StandardOutput.IsGone(e))
        {
            // Who read the output has seen enough, as head(1) has.
            return Failed;
        }
        catch (IOException e)
        {
            return await Refuse(context, $"reading or writing failed: {e.Message}", "see that there is room where the output goes");
        }
    }

    private static RootCommand Create(CliContext context) => new("Protects connections with IPsec and ties each to the peer key it began with.")
    {
        RunCommand.Create(context),
        CheckCommand.Create(context),
        StatusCommand.Create(context),
        LatchesCommand.Create(context),
        PeersCommand.Create(context),
        SasCommand.Create(context),
        ExplainCommand.Create(context),
        EventsCommand.Create(context),
        CloseCommand.Create(context),
        ReloadCommand.Create(context),
        FingerprintCommand.Create(context),
        PinCommand.Create(context),
        UnpinCommand.Create(context),
        ForgetCommand.Create(context),
        RotateCommand.Create(context),
        UnprotectCommand.Create(context),
        LabCommand.Create(),
    };

    private static async Task<int> Refuse(CliContext context, string problem, string remedy)
    {
        await context.Error.WriteLineAsync($"latchkey: {Printable.Of(problem)}");
        await context.Error.WriteLineAsync($"  {Printable.Of(remedy)}");
        return Failed;
    }
}
