using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>C's machine reboots and is the first to speak again: its birth certificate is of another boot, and that is the proof.</summary>
public sealed class S1bRebooted : Scenario
{
    public override string Id => "S1b";

    public override string Title => "C rebooted, with its key, and begins anew: its birth certificate tells, and W's application gets ECONNRESET";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        await cast.Converse();
        var fromC = await cast.Client.Count();
        var before = (await Spis(cast)).Single();
        var again = await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        await cast.CReboots(CastPolicy.Client);
        var caller = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        var back = await cast.CIsBackAfterItsReboot();
        await caller.Go();
        var told = await cast.Expect("ECONNRESET", cast.Server, back);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerRestarted", broken?.Text("reason") == "PeerRestarted", broken?.ToString() ?? "no alert");
        var restarted = cast.WDaemon.Events.FirstOrDefault(e => e.Kind == "peer_restarted");
        stage.Check("the birth certificate was the proof", restarted is not null && restarted.Sequence < broken?.Sequence, restarted?.Text("text") ?? "no such event");
        var accepted = await cast.WDaemon.Event(e => e.Kind == "child_sa_established" && e.EpochSeconds > back.EpochSeconds, Cast.Soon);
        stage.Check("the alert came before the new SA was accepted", broken?.Sequence < accepted?.Sequence, accepted?.Text("text") ?? "no new SA");
        var now = await Spis(cast);
        stage.Check("the IKE SA from before is gone", now.Count > 0 && !now.Contains(before), $"{before}, now {string.Join(", ", now)}");

        await caller.Report("connected");
        await caller.Send(2000);
        await again.Send(2000);
        var (atC, atW) = (await caller.Received(2000, Cast.Soon), await again.Received(2000, Cast.Soon));
        stage.Check("C's new connection is served", atC.Matches(atW), $"{atW.Received} octets to W, {atC.Received} to C");
        await cast.ExpectNothingForeign(fromC);
        await cast.JudgeTheWire(told);
    }

    private static async Task<IReadOnlyList<string>> Spis(Cast cast) =>
        [.. (await cast.WDaemon.IkeSas()).Select(sa => sa.GetProperty("spi_i").GetString()!)];
}
