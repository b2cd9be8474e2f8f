using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>C's SA expired before D came. W has data, so it negotiates again, and D answers.</summary>
public sealed class S2ExpiredSa : Scenario
{
    public override string Id => "S2";

    public override string Title => "C's SA expires; W's next data starts a negotiation, and D answers it";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default with { W = CastPolicy.Server() with { ChildLifetime = "10s" } });
        await cast.Converse();
        await cast.CVanishes();
        stage.Say("W waits until C's Child SA has expired.");
        var expired = await cast.WDaemon.Event(e => e.Kind == "child_sa_closed", TimeSpan.FromSeconds(25));
        stage.Check("the SA expired", expired is not null, expired?.Text("text") ?? "it lives on");
        await cast.ExpectLatch("ESTABLISHED");

        var there = await cast.DTakesTheAddress();
        stage.Say("W has 1000 octets to send, and no SA to send them under.");
        await cast.Server.Send(1000);
        var told = await cast.Expect("ECONNRESET", cast.Server, there);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        var accepted = await cast.WDaemon.Event(e => e.Kind == "child_sa_established" && e.Sequence > expired?.Sequence, Cast.Soon);
        stage.Check(
            "the alert came before anything of D was accepted", broken is not null && accepted is not null && broken.Sequence < accepted.Sequence,
            accepted is null ? "no SA with D at all" : $"alert {broken?.Sequence}, SA {accepted.Sequence}");
        await cast.JudgeTheWire(told);
        var sent = await new Tshark(cast.Capture.File).Count($"esp && eth.src == {cast.W.Nics[0].Mac} && eth.dst == {cast.D.Nics[0].Mac}");
        stage.Check("W sent D not one ESP packet", sent == 0, $"{sent} packets");
    }
}
