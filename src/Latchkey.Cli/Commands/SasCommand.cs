using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class SasCommand
{
    public static Command Create(CliContext context) => QueryCommand.Create(
        context,
        "sas",
        "List IKE SAs and their Child SAs",
        (client, _, cancellation) => client.SasAsync(cancellation),
        ReportJson.Indented.SasReport,
        report => Show(context, report));

    private static string Behind(IkeSaReport ike) => (ike.PeerPrivateAddress, ike.Nat) switch
    {
        ({ } inner, _) => $" (NAT, {inner} behind it)",
        (null, { } where) => $" (NAT {where})",
        _ => "",
    };

    private static void Show(CliContext context, SasReport report)
    {
        if (report.IkeSas.Count == 0)
        {
            context.Out.Line([new("There are no SAs.", Look.Faint)]);
            return;
        }

        var table = new Columns("SA", "STATE", "BETWEEN", "PEER", "SUITE", "SPIS", "FOR");
        foreach (var ike in report.IkeSas)
        {
            table.Add(
                new(ike.Id, Look.Strong),
                new(ike.State),
                new($"{ike.Local} {(ike.Initiated ? "->" : "<-")} {ike.Remote}{Behind(ike)}"),
                new(Fingerprints.Short(ike.PeerKey)),
                new(ike.Suite ?? "-"),
                new($"{ike.SpiI} {ike.SpiR}"),
                new(Age.Of(context, ike.Since), Look.Faint));
            foreach (var child in ike.Children)
            {
                table.Add(
                    new($"  {child.Id}"),
                    new($"channel {child.Channel}"),
                    new(child.Selectors),
                    new("-"),
                    new($"{child.Suite} in {child.Encapsulation}"),
                    new($"in {child.InboundSpi} out {child.OutboundSpi}"),
                    new(Age.Of(context, child.Since), Look.Faint));
            }
        }

        table.Write(context.Out);
    }
}
