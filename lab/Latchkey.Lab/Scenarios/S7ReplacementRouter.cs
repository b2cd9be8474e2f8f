using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>One router replaces another at the same address, and nothing at layer 2 or in the PAD stands against it.</summary>
public sealed class S7ReplacementRouter : Scenario
{
    public override string Id => "S7";

    public override string Title => "A replacement router at the same address, dynamic neighbours, wildcard PAD: the session is reset at once";

    protected internal override async Task Tell(Stage stage)
    {
        var routers = await Routers.Peer(stage);
        await routers.R1IsGone();
        await routers.R2TakesTheAddress();
        var asked = Moment.Now;
        var (atW, atR2) = await routers.R2Connects();
        await routers.ExpectReplaced(asked, atW, atR2);
        var entry = await routers.NeighbourEntry();
        stage.Check("W's neighbour entry followed the newcomer", entry.Contains(routers.Cast.D.Nics[0].Mac, StringComparison.Ordinal), entry);
    }
}
