using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C reboots, and shows neither birth certificates nor crash tokens, as other implementations do not. Its INITIAL_CONTACT is
/// then all there is to go by, and by default it breaks the latch.
/// </summary>
public sealed class S1eForeignInitialContact : Scenario
{
    public override string Id => "S1e";

    public override string Title => "C rebooted and shows no birth certificate: its INITIAL_CONTACT breaks the latch, once its old SA is silent";

    protected internal override async Task Tell(Stage stage)
    {
        var foreign = CastPolicy.Client with { BirthCertificates = false, QuickCrashDetection = false };
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD with { C = foreign });
        await cast.Converse();
        var fromC = await cast.Client.Count();
        await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        await cast.CReboots(foreign);
        var caller = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        var back = await cast.CIsBackAfterItsReboot();
        await caller.Go();
        var told = await cast.Expect("ECONNRESET", cast.Server, back);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerRestarted", broken?.Text("reason") == "PeerRestarted", broken?.ToString() ?? "no alert");
        var shown = cast.WDaemon.Events.Any(e => e.Kind == "peer_restarted" && e.Sequence < broken?.Sequence);
        stage.Check("no birth certificate had a part in it", !shown, broken?.Text("text") ?? "no alert");
        var accepted = await cast.WDaemon.Event(e => e.Kind == "child_sa_established" && e.Sequence > broken?.Sequence, Cast.Soon);
        stage.Check("the alert came before the new SA was accepted", accepted is not null, accepted?.Text("text") ?? "no new SA");
        await caller.Report("connected");
        await cast.ExpectNothingForeign(fromC);
        await cast.JudgeTheWire(told);
    }
}
