using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>C deletes its Child SA and makes another one: the peer is the same, so nothing breaks and not an octet is lost.</summary>
public sealed class S2bDeletedAndMadeAgain : Scenario
{
    public override string Id => "S2b";

    public override string Title => "C's Child SAs end while the link is down and are made again: no break, the stream goes on";

    protected internal override async Task Tell(Stage stage)
    {
        var policy = CastPolicy.WithoutD;
        var cast = await Cast.Assemble(stage, policy with { C = policy.C with { ChildLifetime = "10s" } });
        await cast.Converse();
        await cast.CVanishes();
        stage.Say("Neither rekey nor Delete gets through: C's Child SA ends by its lifetime, and the Delete waits for the link.");
        var ended = await cast.CDaemon.Event(e => e.Kind == "child_sa_closed", TimeSpan.FromSeconds(25));
        stage.Check("C's Child SA ended", ended is not null, ended?.Text("text") ?? "it lives on");
        await cast.Server.Send(4000);
        await cast.Client.Send(6000);
        await cast.CComesBack();

        await cast.ExpectWhole(11000, 7000, TimeSpan.FromSeconds(20));
        var deleted = await cast.WDaemon.Event(e => e.Kind == "child_sa_closed", Cast.Soon);
        stage.Check("W lost the SA too", deleted is not null, deleted?.Text("text") ?? "it lives on");
        var again = await cast.CDaemon.Event(e => e.Kind == "child_sa_established" && e.Sequence > ended?.Sequence, Cast.Soon);
        stage.Check("a new Child SA was made, in the same channel", again is not null && again.Text("channel") == ended?.Text("channel"), again?.ToString() ?? "none");
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
    }
}
