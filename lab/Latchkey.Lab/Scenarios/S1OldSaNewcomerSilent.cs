using System.Text.Json;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>W still holds C's SA and sends under it; D runs Latchkey but begins nothing. W must find out by itself who is there.</summary>
public sealed class S1OldSaNewcomerSilent : Scenario
{
    public override string Id => "S1";

    public override string Title => "W still holds C's SA and sends; D, with a key of its own, begins nothing";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default);
        await cast.Converse();
        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();
        stage.Say("W sends its next 1000 octets, under C's SA.");
        await cast.Server.Send(1000);
        var told = await cast.Expect("ECONNRESET", cast.Server, there);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        var asked = cast.WDaemon.Events.FirstOrDefault(e => e.Kind == "who_is_there");
        stage.Check(
            "W asked who is there before it believed anything", asked is not null && broken is not null && asked.Sequence < broken.Sequence,
            asked?.Text("text") ?? "it never asked");
        var begun = (await cast.DDaemon.IkeSas()).Count(BegunHere);
        stage.Check("D began nothing", begun == 0, $"{begun} IKE SAs begun by D");
        await cast.JudgeTheWire(told);
    }

    private static bool BegunHere(JsonElement sa) => sa.GetProperty("initiated").GetBoolean();
}
