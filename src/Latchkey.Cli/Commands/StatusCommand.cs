using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class StatusCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "status",
        "Show the state of the daemon: what it protects, what it counts, what works less well than it could",
        (client, _, cancellation) => client.StatusAsync(cancellation),
        ReportJson.Indented.StatusReport,
        report => Show(context, report));

    private static void Show(CliContext context, StatusReport report)
    {
        var facts = new Facts(context.Out);
        context.Out.Line([new("Latchkey ", Look.Strong), new(report.Version), new($", pid {report.Pid}, up for {Age.Of(context, report.Started)}", Look.Faint)]);
        facts.Add("configuration", report.Config);
        facts.Add("key", report.Fingerprint);
        facts.Add("datapath", report.Datapath);
        facts.Add("ciphers", report.Ciphers is { Variant: { } variant } c ? $"{c.Library} {c.Version} ({variant})" : $"{report.Ciphers.Library} {report.Ciphers.Version}");
        facts.Add("protects", report.Protect.Count == 0 ? "nothing" : string.Join(", ", report.Protect));
        facts.Add("latches", Counts(report.Latches.Select(l => (l.Key, (long)l.Value))));
        facts.Add("in clear", $"flows: {report.ClearFlows}; hosts that spoke IPsec, and are never reached so again: {report.IpsecHosts}");
        facts.Add("peers", $"{report.Peers} connected, {report.KnownPeers} known by configuration");
        facts.Add("SAs", $"{report.IkeSas} IKE, {report.ChildSas} Child");
        if (report.ProofUntil is { } until)
        {
            facts.Add("next proof", $"a peer proves itself anew within {Age.Until(context, until)}");
        }

        foreach (var tunnel in report.Tunnels)
        {
            var proof = tunnel.ProofUntil is { } at ? $", its peer proves itself anew within {Age.Until(context, at)}" : "";
            facts.Add($"tunnel {tunnel.Entry}", $"{End(tunnel.Local, tunnel.LocalElsewhere)} to {End(tunnel.Remote, tunnel.RemoteElsewhere)}{proof}");
        }

        facts.Add("packets dropped", Counts(report.Drops.Select(d => (d.Key, d.Value))));
        facts.Add("IKE dropped", Counts(report.IkeDrops.Select(d => (d.Key, d.Value))));
        facts.Write();
        if (report.Overload > 0)
        {
            context.Out.Line([new("overload: ", Look.Warning), new($"{report.Overload} messages found the engine's queue full")]);
        }

        if (report.ClearSuspended is { } why)
        {
            context.Out.Line([new("clear suspended: ", Look.Warning), new($"no further flow goes in clear, because {why}")]);
        }

        foreach (var sentence in report.Degraded)
        {
            context.Out.Line([new("degraded: ", Look.Warning), new(sentence)]);
        }

        if (report.KeyExport is { } directory)
        {
            context.Out.Line([new($"KEYS ARE EXPORTED to {directory}: whoever reads it reads the traffic.", Look.Bad)]);
        }
    }

    private static string End(string now, IReadOnlyList<string> elsewhere) => elsewhere.Count == 0 ? now : $"{now} (may move to {string.Join(", ", elsewhere)})";

    private static string Counts(IEnumerable<(string Name, long Count)> counts)
    {
        var text = string.Join(", ", counts.Where(c => c.Count > 0).Select(c => $"{c.Count} {c.Name}"));
        return text.Length == 0 ? "none" : text;
    }
}
