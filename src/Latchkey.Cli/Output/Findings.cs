using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Output;

/// <summary>What is wrong with a configuration file, as people read it: place, kind, message, and below it the remedy.</summary>
internal static class Findings
{
    /// <summary>What a command says that cannot do without a configuration: one line an error, as a log wants it.</summary>
    /// <returns>The exit status.</returns>
    public static async Task<int> RefuseAsync(CliContext context, ConfigurationResult result)
    {
        foreach (var error in result.Errors)
        {
            await context.Error.WriteLineAsync($"latchkey: {error}");
        }

        return CommandLine.Failed;
    }

    public static void Show(CliContext context, IEnumerable<FindingReport> findings)
    {
        foreach (var finding in findings)
        {
            var place = finding.Line == 0 ? finding.File : $"{finding.File}:{finding.Line}:{finding.Column}";
            context.Out.Line(
            [
                new($"{place}: ", Look.Strong),
                new($"{finding.Kind}: ", finding.Kind == "error" ? Look.Bad : Look.Warning),
                new(finding.Message),
            ]);
            context.Out.Line([new($"    {finding.Remedy}", Look.Faint)]);
        }
    }
}
