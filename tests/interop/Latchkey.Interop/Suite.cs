using System.Text.RegularExpressions;
using Latchkey.Interop.Cases;
using Latchkey.Interop.Hosts;
using Latchkey.Interop.Steps;
using Latchkey.Lab;

namespace Latchkey.Interop;

/// <summary>Runs cases, twice as many at a time as there are processors: most of a case is waiting.</summary>
public sealed class Suite(string product, string machine, string libreswan, bool keep)
{
    /// <param name="known">Results of an earlier run: what was good then is not run again.</param>
    /// <param name="tell">Called with each new result, one at a time.</param>
    /// <returns>The known and the new ones.</returns>
    public async Task<IReadOnlyList<CaseResult>> Run(IReadOnlyList<InteropCase> cases, IReadOnlyList<CaseResult> known, Action<CaseResult> tell, CancellationToken cancellation)
    {
        var work = Directory.CreateTempSubdirectory("latchkey-interop-");
        try
        {
            var tools = new Tools(product, machine, libreswan, $"{work}/credentials");
            await Credentials.Make(tools.Credentials);
            await Leftovers.Remove();
            var results = known.Where(r => r.IsGood && cases.Any(c => c.Name == r.Case)).ToList();
            var runs = cases.SelectMany(c => c.Ipv6 ? new[] { (c, false), (c, true) } : [(c, false)])
                .Where(run => !results.Any(r => r.Case == run.c.Name && r.Family == FamilyOf(run.Item2))).ToList();
            var options = new ParallelOptions { MaxDegreeOfParallelism = 2 * Environment.ProcessorCount, CancellationToken = cancellation };
            await Parallel.ForEachAsync(runs, options, async (run, stop) =>
            {
                var result = await Run(run.c, run.Item2, tools, stop);
                lock (results)
                {
                    results.Add(result);
                    tell(result);
                }
            });
            return results;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static string FamilyOf(bool ipv6) => ipv6 ? "IPv6" : "IPv4";

    private async Task<CaseResult> Run(InteropCase work, bool ipv6, Tools tools, CancellationToken cancellation)
    {
        var began = Moment.Now;
        CaseResult Result(string verdict, string text) => new(work.Name, FamilyOf(ipv6), verdict, Math.Round((Moment.Now - began) / 1000, 1), text);
        var step = "hosts";
        Stage? stage = null;
        try
        {
            stage = await Stage.Set(work, ipv6, tools, keep, cancellation);
            var script = new Script(stage);
            step = "start";
            if (work.IsRecorded)
            {
                await stage.Record();
            }

            await script.Begin();
            foreach (var next in work.Steps)
            {
                step = next;
                await script.Run(next);
            }

            return work.Limitation is null
                ? Result("passed", "")
                : Result("failed", $"it passed, although the file says that the peer cannot: {work.Limitation.Text}");
        }
        catch (LabException problem)
        {
            var proof = work.Limitation is { } limitation ? stage?.Peer.Log.Lines.FirstOrDefault(line => Regex.IsMatch(line, limitation.Log)) : null;
            return proof is null ? Result("failed", $"'{step}': {problem.Message}") : Result("limited", proof);
        }
        finally
        {
            if (stage is not null)
            {
                await stage.DisposeAsync();
            }
        }
    }
}
