using Latchkey.Lab.Network;

namespace Latchkey.Lab.Stories;

/// <summary>How scenarios are told.</summary>
/// <param name="Keep">Keep captures, logs and configurations.</param>
/// <param name="Full">Transfers of full length.</param>
public sealed record Performance(AddressPlan Plan, bool Keep, bool Full, Narrator Narrator)
{
    /// <summary>A story that is stuck must not keep the others from being told.</summary>
    private TimeSpan Limit => Full ? TimeSpan.FromMinutes(30) : TimeSpan.FromMinutes(5);

    /// <summary>Tells one scenario once: sets the stage, and clears it whatever happens.</summary>
    public async Task<ScenarioResult> Give(Scenario scenario, CancellationToken cancellation)
    {
        Narrator.Headline($"{scenario.Id}  {scenario.Title}");
        var began = Moment.Now;
        var (checks, time) = await Tell(scenario, cancellation);
        // Ctrl-C goes to every program of the story as well; what they then do is no result.
        cancellation.ThrowIfCancellationRequested();
        return new ScenarioResult(scenario.Id, Plan.Name, checks, time, (Moment.Now - began) / 1000);
    }

    private async Task<(IReadOnlyList<Check> Checks, double? TimeToNotice)> Tell(Scenario scenario, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Limit);
        var laboratory = new Laboratory(Plan, Keep, limited.Token);
        await using (laboratory)
        {
            var stage = new Stage(laboratory, Narrator, Full);
            try
            {
                await scenario.Tell(stage);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                stage.Check("the story was told to its end", false, $"it was not within {Limit.TotalMinutes:0} minutes");
            }
            catch (Exception problem) when (!cancellation.IsCancellationRequested)
            {
                // Whatever a story stumbles over is its own failure; the next one is told all the same.
                stage.Check("the story was told to its end", false, problem is LabException ? problem.Message : problem.ToString());
            }

            if (Keep)
            {
                Narrator.Plain($"Captures, logs and configurations are kept in {laboratory.Folder}");
            }

            return (stage.Checks, stage.TimeToNotice);
        }
    }
}
