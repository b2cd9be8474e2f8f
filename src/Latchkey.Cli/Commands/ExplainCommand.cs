using System.CommandLine;
using Latchkey.Cli.Output;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Reports;

namespace Latchkey.Cli.Commands;

internal static class ExplainCommand
{
    public static Command Create(CliContext context)
    {
        var flow = new Argument<string[]>("FLOW")
        {
            Description = "[PROTOCOL] [LOCAL[:PORT]] REMOTE[:PORT], for example: tcp 10.0.0.1:7000 10.0.0.2",
            Arity = ArgumentArity.OneOrMore,
        };
        flow.Validators.Add(result =>
        {
            if (!FlowQuery.TryParse(string.Join(' ', result.Tokens.Select(t => t.Value)), out _, out var error))
            {
                result.AddError(error);
            }
        });
        var command = QueryCommand.Create(
            context,
            "explain",
            "Say how a flow is treated: which entry covers it, which key it is tied to, since when",
            (client, parsed, cancellation) => client.ExplainAsync(string.Join(' ', parsed.GetRequiredValue(flow)), cancellation),
            ReportJson.Indented.ExplainReport,
            report =>
            {
                foreach (var sentence in report.Sentences)
                {
                    context.Out.Line([new(sentence)]);
                }
            });
        command.Add(flow);
        return command;
    }
}
