using Latchkey.Lab.Network;

namespace Latchkey.Lab.Stories;

/// <summary>Tells one scenario once: sets the stage, and clears it whatever happens.</summary>
public static class Performance
{
    public static async Task<ScenarioResult> Give(Scenario scenario, AddressPlan plan, bool keep, Narrator narrator, CancellationToken cancellation)
    {
        narrator.Headline($"{scenario.Id}  {scenario.Title}");
        var laboratory = new Laboratory(plan, keep, cancellation);
        await using (laboratory)
        {
            var stage = new Stage(laboratory, narrator);
            try
            {
                await scenario.Tell(stage);
            }
            catch (LabException problem)
            {
                stage.Check("the story was told to its end", false, problem.Message);
            }

            if (keep)
            {
                narrator.Plain($"Captures, logs and configurations are kept in {laboratory.Folder}");
            }

            return new ScenarioResult(scenario.Id, stage.Checks, stage.TimeToNotice);
        }
    }
}
