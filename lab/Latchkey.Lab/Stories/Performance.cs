using Latchkey.Lab.Network;

namespace Latchkey.Lab.Stories;

/// <summary>How scenarios are told.</summary>
/// <param name="Keep">Keep captures, logs and configurations.</param>
/// <param name="Full">Transfers of full length.</param>
public sealed record Performance(AddressPlan Plan, bool Keep, bool Full, Narrator Narrator)
{
    /// <summary>Tells one scenario once: sets the stage, and clears it whatever happens.</summary>
    public async Task<ScenarioResult> Give(Scenario scenario, CancellationToken cancellation)
    {
        Narrator.Headline($"{scenario.Id}  {scenario.Title}");
        var laboratory = new Laboratory(Plan, Keep, cancellation);
        await using (laboratory)
        {
            var stage = new Stage(laboratory, Narrator, Full);
            try
            {
                await scenario.Tell(stage);
            }
            catch (LabException problem) when (!cancellation.IsCancellationRequested)
            {
                stage.Check("the story was told to its end", false, problem.Message);
            }

            // Ctrl-C goes to every program of the story as well; what they then do is no result.
            cancellation.ThrowIfCancellationRequested();

            if (Keep)
            {
                Narrator.Plain($"Captures, logs and configurations are kept in {laboratory.Folder}");
            }

            return new ScenarioResult(scenario.Id, stage.Checks, stage.TimeToNotice);
        }
    }
}
