using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>C gets a new key, for which its old one vouches: W lets it in without a warning, and nobody else in its place.</summary>
public sealed class S9cRotatedKey : Scenario
{
    public override string Id => "S9c";

    public override string Title => "A rotated key: the old one vouches, the pin moves, no warning; its connections of before end with a reset";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD with { W = CastPolicy.Server(trust: null) });
        await cast.Converse();
        var before = await cast.CDaemon.Fingerprint();
        var said = await cast.CDaemon.Rotate();
        var still = await cast.CDaemon.Fingerprint();
        stage.Check("the running daemon goes on with the old key", still == before && said.Contains(before, StringComparison.Ordinal), said.ReplaceLineEndings(" / "));
        await cast.Client.Send(3000);
        await cast.Server.Send(3000);
        await cast.ExpectWhole(8000, 6000);

        var restarted = Moment.Now;
        await cast.CDaemon.Stop();
        await cast.CDaemon.Start();
        var after = await cast.CDaemon.Fingerprint();
        stage.Say($"C's daemon is restarted, and has the key {after} now.");
        var reset = await cast.Client.ReportWithin("error", Cast.Soon);
        stage.Check("C's connection of before ends with a reset", reset?.Errno == "ECONNRESET", reset?.ToString() ?? "nothing within the time");

        await Talker.Listen(cast.W, Cast.NewcomerPort, "server-again");
        var again = await Talker.Ready(cast.C, cast.W.Address, Cast.NewcomerPort, name: "client-again");
        await again.Go();
        var told = await cast.Expect("ECONNRESET", cast.Server, restarted);
        stage.TimeToNotice = null;
        var connected = await again.ReportWithin("connected", Cast.Soon);
        stage.Check("C is let in with its new key", connected is not null, connected?.ToString() ?? "no connection");
        var rotated = await cast.WDaemon.Event(e => e.Kind == "key_rotated", Cast.Soon);
        stage.Check("W says that the old key vouches for the new one", rotated?.Text("peer_key") == after, rotated?.Text("text") ?? "not a word");
        await Pins.Expect(stage, cast.WDaemon, cast.C.Address, after, "first-use");
        var warned = cast.WDaemon.Events.FirstOrDefault(e => e.Kind == "peer_refused");
        stage.Check("nobody was refused", warned is null, warned?.Text("text") ?? "no refusal");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
