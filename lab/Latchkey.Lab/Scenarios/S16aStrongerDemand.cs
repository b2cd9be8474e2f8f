using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>W's administrator demands known peers from now on, and C is none.</summary>
public sealed class S16aStrongerDemand : Scenario
{
    public override string Id => "S16a";

    public override string Title => "The entry demands known peers, by SIGHUP: the connection with a stranger breaks, W's application gets ECONNRESET";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        await cast.Converse();
        await cast.WDaemon.Configure(CastPolicy.Server(trust: "known"));
        var asked = Moment.Now;
        await cast.WDaemon.Hangup();
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PolicyChanged", broken?.Text("reason") == "PolicyChanged", broken?.Text("text") ?? "no alert");
        var changed = await cast.WDaemon.Event(e => e.Kind == "policy_changed", Cast.Soon);
        stage.Check("the daemon tells what is different", changed?.Text("details")?.Contains("story", StringComparison.Ordinal) == true, changed?.ToString() ?? "not told");
        var deleted = await cast.WDaemon.Event(e => e.Kind == "ike_sa_closed", Cast.Soon);
        stage.Check("C's SAs are deleted", deleted is not null, deleted?.Text("text") ?? "they are not");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
