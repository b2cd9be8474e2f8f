using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class EventsCommand
{
    public static Command Create(CliContext context)
    {
        var control = CommonOptions.Control();
        var json = new Option<bool>("--json") { Description = "One JSON object a line (docs/json.md)" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new events as they come" };
        var command = new Command("events", "Show the last events, oldest first: latches made and broken, peers, SAs, refusals") { control, json, follow };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new ControlClient(parsed.GetRequiredValue(control));
            try
            {
                await foreach (var report in client.EventsAsync(parsed.GetValue(follow), cancellation))
                {
                    Show(context, report, parsed.GetValue(json));
                }

                return CommandLine.Done;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Ctrl-C is how one stops following.
                return CommandLine.Done;
            }
            catch (SlowListenerException e)
            {
                throw new ControlException(e.Message, "run the command again");
            }
            catch (IOException e) when (!StandardOutput.IsGone(e))
            {
                throw new ControlException("the daemon closed the stream of events", "see 'latchkey status'");
            }
        });
        return command;
    }

    private static void Show(CliContext context, EventReport report, bool json)
    {
        if (json)
        {
            context.Plain.WriteLine(JsonSerializer.Serialize(report, ReportJson.Compact.EventReport));
            context.Plain.Flush();
            return;
        }

        context.Out.Line(
        [
            new(report.At.ToString("yyyy-MM-dd HH:mm:ss.fff  ", CultureInfo.InvariantCulture), Look.Faint),
            new($"{report.Event,-22}", Look.OfEvent(report.Event)),
            new($"  {report.Text}"),
        ]);
        foreach (var detail in report.Details ?? [])
        {
            context.Out.Line([new($"    {detail}", Look.Faint)]);
        }
    }
}
