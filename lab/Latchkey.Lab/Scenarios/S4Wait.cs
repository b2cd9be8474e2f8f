using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The purist's setting: a break is packet loss. When C returns and D is gone, the stream goes on.</summary>
public sealed class S4Wait : Scenario
{
    public override string Id => "S4";

    public override string Title => "on_break = \"wait\": the application is not woken; when C returns, the stream resumes byte for byte";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default with { W = CastPolicy.Server(onBreak: "wait") });
        await cast.Converse();
        var forD = await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        await cast.CVanishes();
        await cast.DTakesTheAddress();
        await newcomer.Go();
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        var seen = Moment.Now;
        stage.Check("the latch breaks as PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        await newcomer.Report("connected");

        stage.Say("W's application sends 4000 octets; for two seconds nothing may happen.");
        await cast.Server.Send(4000);
        await stage.Quietly(TimeSpan.FromSeconds(2));
        stage.Check("W's application is not woken", cast.Server.Failure is null, cast.Server.Failure?.ToString() ?? "it still waits in recv()");
        await cast.ExpectLatch("BROKEN");
        var stillBroken = Moment.Now;

        await newcomer.Quit();
        await forD.Quit();
        await cast.DDaemon.Stop();
        await cast.DLeaves();
        await cast.CComesBack();
        await cast.Client.Send(6000);
        var restored = await cast.WDaemon.Event(e => e.Kind == "latch_restored", TimeSpan.FromSeconds(30));
        stage.Check("with the conflict gone the latch is restored", restored is not null, restored?.Text("text") ?? "not within 30 s");
        await cast.ExpectWhole(11000, 7000, TimeSpan.FromSeconds(30));
        await cast.ExpectLatch("ESTABLISHED");
        await cast.JudgeTheWire(seen, until: stillBroken);
    }
}
