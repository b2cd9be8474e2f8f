using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class PeersCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "peers",
        "List peers that authenticated, and the keys pinned to addresses",
        (client, _, cancellation) => client.PeersAsync(cancellation),
        ReportJson.Indented.PeersReport,
        report => Show(context, report));

    private static void Show(CliContext context, PeersReport report)
    {
        ShowPeers(context, report.Peers);
        if (report.Pins.Count > 0)
        {
            context.Out.Line([]);
            ShowPins(context, report.Pins);
        }
    }

    private static void ShowPeers(CliContext context, IReadOnlyList<PeerReport> peers)
    {
        if (peers.Count == 0)
        {
            context.Out.Line([new("No peer is connected.", Look.Faint)]);
            return;
        }

        var table = new Columns("PEER", "KEY", "TRUST", "ADDRESSES", "LATCHES", "IKE", "CHILD", "HEARD", "PROOF");
        foreach (var peer in peers)
        {
            table.Add(
                new(peer.Name ?? "-"),
                new(peer.Key),
                new(peer.Trust, peer.Trust is "known" or "pinned" ? Look.Good : Look.Plain),
                new(string.Join(",", peer.Addresses)),
                new($"{peer.Latches}"),
                new($"{peer.IkeSas}"),
                new($"{peer.ChildSas}"),
                new($"{Age.Of(context, peer.LastHeard)} ago", Look.Faint),
                new(peer.ProofUntil is { } until ? $"within {Age.Until(context, until)}" : "-", Look.Faint));
        }

        table.Write(context.Out);
    }

    private static void ShowPins(CliContext context, IReadOnlyList<PinReport> pins)
    {
        var table = new Columns("PINNED", "KEY", "TRUST", "FIRST SEEN", "LAST SEEN", "TIMES");
        foreach (var pin in pins)
        {
            table.Add(
                new(pin.Address),
                new(pin.Key),
                new(pin.Trust, pin.Trust == "pinned" ? Look.Good : Look.Plain),
                new(pin.FirstSeen is { } first ? $"{first:yyyy-MM-dd}" : "never", Look.Faint),
                new(pin.LastSeen is { } last ? $"{Age.Of(context, last)} ago" : "never", Look.Faint),
                new($"{pin.Count}"));
        }

        table.Write(context.Out);
    }
}
