using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class ReloadCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "reload",
        "Have the daemon read its configuration file again and take over its policy; a bad file changes nothing",
        (client, _, cancellation) => client.ReloadAsync(cancellation),
        ReportJson.Indented.ReloadReport,
        report => Show(context, report),
        report => report.Reloaded);

    private static void Show(CliContext context, ReloadReport report)
    {
        Findings.Show(context, report.Findings);
        if (!report.Reloaded)
        {
            context.Out.Line([new($"{report.Config} cannot be used: the policy that was in force still is, untouched.", Look.Bad)]);
            return;
        }

        foreach (var change in report.Changes)
        {
            context.Out.Line([new($"{change}.")]);
        }

        context.Out.Line([new(report.Changes.Count == 0 ? "The policy is the same." : "The policy is in force.", Look.Good)]);
        context.Out.Line([new($"Latches: {report.Broken} broke, {report.Closed} closed, {report.Kept} kept with the policy they had, {report.Untouched} untouched.")]);
    }
}
