using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// As S1e, but W's operator said <c>foreign_initial_contact = "keep"</c>: the peer's SAs are replaced inside the channel and
/// no latch breaks. What a wrong guess costs is seen too: C's host did restart, so its TCP says so itself, inside the channel.
/// </summary>
public sealed class S1fForeignInitialContactKept : Scenario
{
    public override string Id => "S1f";

    public override string Title => "foreign_initial_contact = \"keep\": the same INITIAL_CONTACT replaces the SAs and breaks nothing; C's own TCP resets inside the channel";

    protected internal override async Task Tell(Stage stage)
    {
        var foreign = CastPolicy.Client with { BirthCertificates = false, QuickCrashDetection = false };
        var cast = await Cast.Assemble(stage, new CastPolicy(CastPolicy.Server() with { ForeignInitialContact = "keep" }, foreign, null));
        await cast.Converse();
        await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        await cast.CReboots(foreign);
        var caller = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        await cast.CIsBackAfterItsReboot();
        await caller.Go();
        await caller.Report("connected");
        var replaced = await cast.WDaemon.Event(e => e.Kind == "ike_sa_closed", Cast.Soon);
        stage.Check("the old IKE SA is replaced, for the peer's daemon is taken to have restarted", replaced?.Text("reason") == "Superseded", replaced?.Text("text") ?? "it is still there");
        await cast.ExpectLatch("ESTABLISHED");
        Conversation.ExpectUndisturbed(stage, cast.Server, "W's application");

        await cast.Server.Send(1000);
        var error = await cast.Server.ReportWithin("error", Cast.Soon);
        stage.Check("what W sends reaches C inside the channel, whose TCP knows no such connection", error?.Errno == "ECONNRESET", error?.ToString() ?? "nothing within the time");
        cast.ExpectNoBreak();
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
    }
}
