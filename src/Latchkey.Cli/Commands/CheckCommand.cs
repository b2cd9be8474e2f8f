using System.CommandLine;
using System.Text.Json;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class CheckCommand
{
    public static Command Create(CliContext context)
    {
        var config = CommonOptions.Config();
        var json = CommonOptions.Json();
        var command = new Command("check", "Explain what the configuration means and warn of what may surprise, without running anything") { config, json };
        command.SetAction(parsed =>
        {
            var file = parsed.GetRequiredValue(config);
            var report = CheckReport.From(file, ConfigurationReader.ReadFile(file));
            if (parsed.GetValue(json))
            {
                context.Plain.WriteLine(JsonSerializer.Serialize(report, ReportJson.Indented.CheckReport));
            }
            else
            {
                Show(context, report);
            }

            return report.Ok ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    private static void Show(CliContext context, CheckReport report)
    {
        Findings.Show(context, report.Findings);
        foreach (var sentence in report.Explanation)
        {
            context.Out.Line([new(sentence)]);
        }

        if (!report.Ok)
        {
            context.Out.Line([new($"{report.Config} cannot be used.", Look.Bad)]);
        }
    }
}
