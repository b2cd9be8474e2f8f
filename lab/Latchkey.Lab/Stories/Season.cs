using Latchkey.Lab.Network;
using Latchkey.Lab.Scenarios;

namespace Latchkey.Lab.Stories;

/// <summary>One scenario told, or all of them one after the other, with the verdicts for a person or for a program.</summary>
/// <param name="keep">Keep captures, logs and configurations.</param>
/// <param name="full">Transfers of full length.</param>
/// <param name="repeat">How often each is told.</param>
/// <param name="json">Results as JSON lines on standard output; everything else goes to standard error.</param>
public sealed class Season(bool keep, bool full, int repeat, bool json)
{
    private readonly TextWriter _output = json ? Console.Error : Console.Out;

    /// <summary>Tells one scenario while it happens.</summary>
    /// <returns>Whether it passed.</returns>
    public async Task<bool> Tell(Scenario scenario, AddressPlan plan, CancellationToken cancellation)
    {
        var results = await Perform(scenario, plan, new Narrator(_output), cancellation);
        await _output.WriteLineAsync($"{results.Verdict}");
        Report(results);
        return results.Passed;
    }

    /// <summary>Tells every scenario over each family: a line for each that passed, and the whole story of each that did not.</summary>
    /// <returns>Whether all passed.</returns>
    public async Task<bool> TellAll(IReadOnlyList<AddressPlan> plans, CancellationToken cancellation)
    {
        var began = Moment.Now;
        List<Distribution> told = [];
        foreach (var scenario in Catalog.All)
        {
            // Most wait most of their time, and two do not wait longer than one.
            foreach (var atOnce in plans.Chunk(scenario.FillsTheMachine ? 1 : plans.Count))
            {
                foreach (var (results, story) in await Task.WhenAll(atOnce.Select(Hear)))
                {
                    if (!results.Passed || keep)
                    {
                        await _output.WriteAsync(story);
                    }

                    await _output.WriteLineAsync($"{results.Verdict}");
                    Report(results);
                    told.Add(results);
                }
            }

            async Task<(Distribution, string)> Hear(AddressPlan plan)
            {
                using var story = new StringWriter();
                return (await Perform(scenario, plan, new Narrator(story), cancellation), story.ToString());
            }
        }

        var failed = told.Where(results => !results.Passed).Select(results => results.Name).ToList();
        await _output.WriteLineAsync(
            $"{told.Count - failed.Count} of {told.Count} passed in {(Moment.Now - began) / 60000:0.0} minutes{(failed.Count > 0 ? $"; failed: {string.Join(", ", failed)}" : "")}");
        return failed.Count == 0;
    }

    private async Task<Distribution> Perform(Scenario scenario, AddressPlan plan, Narrator narrator, CancellationToken cancellation)
    {
        var performance = new Performance(plan, keep, full, narrator);
        List<ScenarioResult> results = [];
        for (var i = 0; i < repeat; i++)
        {
            results.Add(await performance.Give(scenario, cancellation));
        }

        return new Distribution(results);
    }

    private void Report(Distribution results)
    {
        if (json)
        {
            Console.WriteLine((results.Results.Count == 1 ? results.Results[0].ToJson() : results.ToJson()).ToJsonString());
        }
    }
}
