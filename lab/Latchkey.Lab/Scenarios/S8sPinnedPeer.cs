using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>W's PAD says whose key speaks for the address. A stranger there gets nothing, and changes nothing.</summary>
public sealed class S8sPinnedPeer : Scenario
{
    public override string Id => "S8s";

    public override string Title => "The PAD ties the address to C's key: D is refused, the latch stays, C carries on when it is back";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        await Task.WhenAll(cast.StartOnC(CastPolicy.Client), cast.StartOnD(CastPolicy.Client));
        var keyOfC = await cast.CDaemon.Fingerprint();
        await cast.StartOnW(CastPolicy.Server(trust: "known") with { Peers = [new KnownPeerRule("c", keyOfC, cast.C.Address)] });
        stage.Say("Latchkey runs on all three. W knows C's key, and lets no other speak for C's address.");
        await cast.Converse();
        await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);

        await cast.CVanishes();
        await cast.DTakesTheAddress();
        await newcomer.Go();
        await cast.Server.Send(4000);
        var refused = await cast.WDaemon.Event(e => e.Kind == "peer_refused", Cast.Soon);
        stage.Check("D is refused", refused is not null, refused?.Text("text") ?? "no refusal");
        await stage.Quietly(TimeSpan.FromSeconds(1));
        var outcome = newcomer.Events[^1].Kind;
        stage.Check("D has no connection", outcome is "connecting" or "error", outcome);
        stage.Check("W's application is not disturbed", cast.Server.Failure is null, cast.Server.Failure?.ToString() ?? "it still waits in recv()");
        await cast.ExpectLatch("ESTABLISHED");

        await cast.DLeaves();
        await cast.CComesBack();
        await cast.Client.Send(6000);
        await cast.ExpectWhole(11000, 7000, TimeSpan.FromSeconds(30));
        cast.ExpectNoBreak();
        await cast.JudgeTheWire(broken: null);
    }
}
