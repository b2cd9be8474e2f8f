using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class LatchesCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "latches",
        "List connection latches: which flow is tied to which key",
        (client, _, cancellation) => client.LatchesAsync(cancellation),
        ReportJson.Indented.LatchesReport,
        report => Show(context, report));

    private static void Show(CliContext context, LatchesReport report)
    {
        if (report.Latches.Count == 0)
        {
            context.Out.Line([new("No flow is latched.", Look.Faint)]);
        }
        else
        {
            ShowLatches(context, report.Latches);
        }

        if (report.ClearFlows.Count > 0)
        {
            context.Out.Line([]);
            ShowClearFlows(context, report.ClearFlows);
        }
    }

    private static void ShowClearFlows(CliContext context, IReadOnlyList<ClearFlowReport> flows)
    {
        var table = new Columns("IN CLEAR", "ENTRY", "FOR");
        foreach (var flow in flows)
        {
            table.Add(new(flow.Flow.ToString(), Look.Warning), new(flow.Entry), new(Age.Of(context, flow.Since), Look.Faint));
        }

        table.Write(context.Out);
    }

    private static void ShowLatches(CliContext context, IReadOnlyList<LatchReport> latches)
    {
        var table = new Columns("LATCH", "STATE", "FLOW", "PEER", "ENTRY", "OWNER", "FOR", "REASON");
        foreach (var latch in latches)
        {
            table.Add(
                new($"{latch.Id}"),
                new(latch.State, Look.OfState(latch.State)),
                new(latch.Flow.ToString()),
                new(latch.PeerName ?? Fingerprints.Short(latch.PeerKey)),
                new(latch.Entry),
                new(latch.Owner is { Pid: { } pid, Command: { } command } ? $"{command} ({pid})" : "-"),
                new(Age.Of(context, latch.Since), Look.Faint),
                new(latch.Reason ?? (latch.KeepsPolicy == true ? "keeps an earlier policy" : "-")));
        }

        table.Write(context.Out);
    }
}
