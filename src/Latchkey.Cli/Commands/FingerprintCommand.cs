using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class FingerprintCommand
{
    public static Command Create(CliContext context)
    {
        var peer = new Argument<string?>("PEER")
        {
            Description = "A peer's name, address or SHA256:… fingerprint; without it, this host",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = QueryCommand.Create(
            context,
            "fingerprint",
            "Show our key's fingerprint, or a peer's, also in words for the telephone",
            (client, parsed, cancellation) => client.FingerprintAsync(parsed.GetValue(peer), cancellation),
            ReportJson.Indented.FingerprintReport,
            report =>
            {
                context.Out.Line([new(report.Fingerprint, Look.Strong)]);
                foreach (var line in report.Words)
                {
                    context.Out.Line([new(line)]);
                }
            });
        command.Add(peer);
        return command;
    }
}
