using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The product's default: W pins the first key it sees at an address, remembers it over a restart, and lets no other in
/// until a person decides.
/// </summary>
public sealed class S9bFirstUse : Scenario
{
    public override string Id => "S9b";

    public override string Title => "First use: C is pinned, also over a restart of W's daemon; D is refused and explained; forgotten, the address is D's";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default with { W = CastPolicy.Server(trust: null) });
        var ofC = await cast.CDaemon.Fingerprint();
        var ofD = await cast.DDaemon.Fingerprint();
        await cast.Converse();
        var pinned = await cast.WDaemon.Event(e => e.Kind == "peer_pinned", Cast.Soon);
        var accepted = await cast.WDaemon.Event(e => e.Kind == "ike_sa_established", Cast.Soon);
        stage.Check("C's key was recorded before C was let in", pinned?.Sequence < accepted?.Sequence, pinned?.Text("text") ?? "no pin");
        await Pins.Expect(stage, cast.WDaemon, cast.C.Address, ofC, "first-use");

        await Pins.ExpectStrangerRefused(stage, cast);
        await cast.JudgeTheWire(broken: null);

        await cast.WDaemon.Stop();
        await cast.WDaemon.Start();
        stage.Say("W's daemon is restarted.");
        await Pins.Expect(stage, cast.WDaemon, cast.C.Address, ofC, "first-use");
        await (await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort, name: "rogue-again")).Go();
        var again = await cast.WDaemon.Event(e => e.Kind == "peer_refused" && e.Text("peer_key") == ofD, Cast.Soon);
        stage.Check("D is still refused", again is not null, again?.Text("text") ?? "no refusal");

        await cast.WDaemon.Ask("forget", cast.C.Address);
        await Talker.Listen(cast.W, Cast.NewcomerPort + 1, "server-again");
        var welcome = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort + 1, name: "welcome");
        await welcome.Go();
        var connected = await welcome.ReportWithin("connected", Cast.Soon);
        stage.Check("forgotten, the address is free, and D is let in", connected is not null, connected?.ToString() ?? "no connection");
        await Pins.Expect(stage, cast.WDaemon, cast.C.Address, ofD, "first-use");
    }
}
