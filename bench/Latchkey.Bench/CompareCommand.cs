using System.CommandLine;
using Latchkey.Bench.Datapath;
using Latchkey.Bench.Engine;
using Latchkey.Bench.Peers;
using Latchkey.Bench.Report;
using Latchkey.Lab;

namespace Latchkey.Bench;

/// <summary><c>compare</c>: everything in one run, written into a page with a plot.</summary>
internal static class CompareCommand
{
    private const string Datapath = "datapath";
    private const string Memory = "memory";
    private const int Interrupted = 130;

    public static Command Create()
    {
        string[] names = [.. Peer.All.Select(p => p.Name), .. Measurement.Kinds.Keys, Datapath, Memory];
        var quick = new Option<bool>("--quick") { Description = "One short round: shows that everything works, and roughly what it comes to" };
        var only = new Option<string[]>("--only")
        {
            Description = $"Only these peers and measurements, separated by commas: {string.Join(", ", names)}",
            CustomParser = given => [.. given.Tokens.SelectMany(token => token.Value.Split(','))],
        };
        only.Validators.Add(given =>
        {
            foreach (var unknown in (given.GetValueOrDefault<string[]>() ?? []).Except(names))
            {
                given.AddError($"--only knows no '{unknown}'; it takes {string.Join(", ", names)}");
            }
        });
        var seconds = new Option<int?>("--seconds") { Description = "Length of one transfer (5; 2 with --quick)" };
        var rounds = new Option<int?>("--rounds") { Description = "How often every peer is measured (3; 1 with --quick)" };
        var output = new Option<DirectoryInfo>("--output") { Description = "Where performance.md and performance.svg go", Required = true };
        var command = new Command("compare", "Compare Latchkey with other tunnels on this machine (needs root)") { quick, only, seconds, rounds, output };
        command.SetAction(async (given, cancellation) =>
        {
            using var interruption = Interruption.Watch(cancellation);
            await Leftovers.Remove();
            var isShort = given.GetValue(quick);
            var plan = new Plan(given.GetValue(only) ?? [], given.GetValue(rounds) ?? (isShort ? 1 : 3), given.GetValue(seconds) ?? (isShort ? 2 : 5));
            try
            {
                return await Run(plan, given.GetRequiredValue(output), interruption.Token);
            }
            catch (Exception e) when (e is OperationCanceledException || interruption.Token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted; everything was cleaned up.");
                return Interrupted;
            }
        });
        return command;
    }

    private static async Task<int> Run(Plan plan, DirectoryInfo output, CancellationToken cancellation)
    {
        var page = new PerformancePage(Machine.Here(), plan);
        // First and by itself: nothing else is to run on the machine meanwhile.
        if (plan.Has(Datapath))
        {
            await Console.Error.WriteLineAsync("the datapath by itself");
            var length = TimeSpan.FromSeconds(plan.Seconds / 4.0);
            page.Stages = DatapathFigures.OfStages(length);
            page.Ciphers = CipherFigures.Measure(length);
            page.Growth = DatapathFigures.OfGrowth(length);
            page.Memory = MemoryFigures.Measure();
        }

        if (plan.Has(Memory))
        {
            await Console.Error.WriteLineAsync("the daemon with many peers and flows");
            page.DaemonMemory = await DaemonMemory.Measure(cancellation);
        }

        string[] kinds = [.. Measurement.Kinds.Keys.Where(plan.Has)];
        if (kinds.Length > 0)
        {
            page.Results = await new Comparison([.. Peer.All.Where(p => plan.Has(p.Name))], kinds, plan.Rounds, plan.Seconds, Console.Error).Run(cancellation);
        }

        page.Write(output);
        Console.WriteLine(page.ToMarkdown());
        return page.Results?.Failures.Count > 0 ? 1 : 0;
    }
}
