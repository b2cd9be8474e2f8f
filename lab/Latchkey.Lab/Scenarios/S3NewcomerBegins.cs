using Latchkey.Lab.Applications;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The point of it all: D, with a key of its own, wants to talk to W, and W's application learns at once that C is gone.</summary>
public sealed class S3NewcomerBegins : Scenario
{
    public override string Id => "S3";

    public override string Title => "D begins: W's application gets ECONNRESET, and D not one octet of the old connection";

    protected internal override async Task Tell(Stage stage)
    {
        // Without ESN, because tshark is to verify every packet.
        var cast = await Cast.Assemble(stage, CastPolicy.Default with { W = CastPolicy.Server() with { Esn = false } });
        await cast.Converse();
        var socat = await SocatPair.Connect(cast.W, cast.C, Cast.Port + 5);
        var fromC = await cast.Client.Count();
        var forD = await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);

        await cast.CVanishes();
        await cast.DTakesTheAddress();
        var asked = await newcomer.Go();
        stage.Say("D connects to W, as any newcomer would.");
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        var socatSaid = await socat.ServerSays("Connection reset by peer");
        stage.Check("socat, which knows nothing of Latchkey, is told the same", socatSaid is not null, socatSaid ?? socat.LastWords);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        // C and W may have made more than one: a machine that is slow to answer is asked who it is.
        var keyOfD = await cast.DDaemon.Fingerprint();
        var accepted = await cast.WDaemon.Event(e => e.Kind == "child_sa_established" && e.Text("peer_key") == keyOfD, Cast.Soon);
        stage.Check("the alert came before D's SA was accepted", broken?.Sequence < accepted?.Sequence, accepted?.Text("text") ?? "no SA with D");

        await newcomer.Report("connected");
        await newcomer.Send(2000);
        await forD.Send(2000);
        var (atD, atServer) = (await newcomer.Received(2000, Cast.Soon), await forD.Received(2000, Cast.Soon));
        stage.Check("D's own connection is served, under D's own SA", atD.Matches(atServer), $"{atServer.Received} octets to W, {atD.Received} to D");
        await cast.ExpectNothingForeign(fromC);
        await cast.JudgeTheWire(told);
        await new IntegrityJudge(cast.Capture.File, cast.WDaemon.Keys).Judge(stage);
    }
}
