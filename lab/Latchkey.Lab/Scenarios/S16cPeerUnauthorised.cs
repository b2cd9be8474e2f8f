using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>W's PAD gives C's address to another key. C, alive and talking, is cut off.</summary>
public sealed class S16cPeerUnauthorised : Scenario
{
    public override string Id => "S16c";

    public override string Title => "The PAD gives C's address to another key: C's connection is closed administratively, and its SAs are deleted";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        await Task.WhenAll(cast.StartOnC(CastPolicy.Client), cast.StartOnD(CastPolicy.Client));
        var keyOfC = await cast.CDaemon.Fingerprint();
        var keyOfD = await cast.DDaemon.Fingerprint();
        var known = CastPolicy.Server(trust: "known");
        await cast.StartOnW(known with { Peers = [new KnownPeerRule("c", keyOfC, cast.C.Address)] });
        await cast.Converse();

        var renamed = await cast.WDaemon.Reload(known with { Peers = [new KnownPeerRule("client", keyOfC, cast.C.Address)] });
        stage.Check("the peer's new name disturbs nothing", renamed is { Untouched: 1, Broken: 0, Closed: 0 }, $"{renamed}");
        await cast.Client.Send(1000);
        await cast.ExpectWhole(6000, 3000);

        var asked = Moment.Now;
        var report = await cast.WDaemon.Reload(known with { Peers = [new KnownPeerRule("d", keyOfD, cast.C.Address)] });
        stage.Check("the latch is closed", report.Closed == 1, $"{report}");
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        var closed = await cast.WDaemon.Event(e => e.Kind == "latch_closed", Cast.Soon);
        stage.Check("the reason is Administrative", closed?.Text("reason") == "Administrative", closed?.Text("text") ?? "not told");
        var gone = await cast.CDaemon.Event(e => e.Kind == "ike_sa_closed", Cast.Soon);
        stage.Check("C is told that its SAs are deleted", gone is not null, gone?.Text("text") ?? "not told");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
