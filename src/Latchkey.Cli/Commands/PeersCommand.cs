using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class PeersCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "peers",
        "List peers that authenticated",
        (client, _, cancellation) => client.PeersAsync(cancellation),
        ReportJson.Indented.PeersReport,
        report => Show(context, report));

    private static void Show(CliContext context, PeersReport report)
    {
        if (report.Peers.Count == 0)
        {
            context.Out.Line([new("No peer is connected.", Look.Faint)]);
            return;
        }

        var table = new Columns("PEER", "KEY", "TRUST", "ADDRESSES", "LATCHES", "IKE", "CHILD", "HEARD");
        foreach (var peer in report.Peers)
        {
            table.Add(
                new(peer.Name ?? "-"),
                new(peer.Key),
                new(peer.Trust, peer.Trust == "known" ? Look.Good : Look.Plain),
                new(string.Join(",", peer.Addresses)),
                new($"{peer.Latches}"),
                new($"{peer.IkeSas}"),
                new($"{peer.ChildSas}"),
                new($"{Age.Of(context, peer.LastHeard)} ago", Look.Faint));
        }

        table.Write(context.Out);
    }
}
