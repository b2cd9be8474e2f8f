using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Rekeys of both kinds under a running transfer, and a Child SA that ends and is made again in the middle of it: SAs come and
/// go inside the channel, and no latch notices.
/// </summary>
public sealed class S15Rekeys : Scenario
{
    private const int Chunk = 40_000;

    public override string Id => "S15";

    public override string Title => "IKE and Child SAs are rekeyed, lost and made again under a running transfer: zero breaks, every octet right";

    protected internal override async Task Tell(Stage stage)
    {
        var policy = CastPolicy.WithoutD;
        var cast = await Cast.Assemble(stage, policy with
        {
            W = policy.W with { Esn = false, IkeLifetime = "13s" },
            C = policy.C with { ChildLifetime = "10s" },
        });
        await cast.Converse();
        stage.Say("C and W talk both ways, until the IKE SA and its Child SA were each rekeyed twice.");
        var (toW, toC) = (5000L, 3000L);
        var enough = await stage.Until(
            async () =>
            {
                await cast.Client.Send(Chunk);
                await cast.Server.Send(Chunk);
                (toW, toC) = (toW + Chunk, toC + Chunk);
                return Count(cast, "ike_sa_rekeyed") >= 2 && Count(cast, "child_sa_rekeyed") >= 2;
            },
            TimeSpan.FromSeconds(60));
        stage.Check(
            "both kinds of SA were rekeyed", enough, $"{Count(cast, "ike_sa_rekeyed")} rekeys of the IKE SA, {Count(cast, "child_sa_rekeyed")} of the Child SA");

        stage.Say("The link is cut in the middle of the transfer, for longer than the Child SA lives.");
        await cast.Client.Send(Chunk);
        await cast.Server.Send(Chunk);
        (toW, toC) = (toW + Chunk, toC + Chunk);
        await cast.CVanishes();
        var ended = await cast.CDaemon.Event(e => e.Kind == "child_sa_closed" && e.Text("reason") == "Expired", TimeSpan.FromSeconds(25));
        stage.Check("the Child SA ended with nothing in its place", ended is not null, ended?.Text("text") ?? "it lives on");
        await cast.Client.Send(Chunk);
        await cast.Server.Send(Chunk);
        (toW, toC) = (toW + Chunk, toC + Chunk);
        await cast.CComesBack();
        await cast.ExpectWhole(toW, toC, TimeSpan.FromSeconds(20));
        var again = await cast.CDaemon.Event(e => e.Kind == "child_sa_established" && e.Sequence > ended?.Sequence, Cast.Soon);
        stage.Check("another was made, in the same channel", again is not null && again.Text("channel") == ended?.Text("channel"), again?.ToString() ?? "none");
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
        await new IntegrityJudge(cast.Capture.File, cast.WDaemon.Keys).Judge(stage);
    }

    private static int Count(Cast cast, string kind) => cast.WDaemon.Events.Count(e => e.Kind == kind);
}
