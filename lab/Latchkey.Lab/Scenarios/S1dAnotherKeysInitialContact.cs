using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// INITIAL_CONTACT speaks for the key that says it and for no other. D's deletes nothing of C's; what breaks C's latch is the
/// proof that C is gone and D answers there, as in S3.
/// </summary>
public sealed class S1dAnotherKeysInitialContact : Scenario
{
    public override string Id => "S1d";

    public override string Title => "D, with a key of its own, says INITIAL_CONTACT at C's address: nothing of C's is deleted by it";

    protected internal override async Task Tell(Stage stage)
    {
        // An entry for each port: so D's first Child SA does not cover C's connection.
        var ports = CastPolicy.ClientOf(Cast.Port, Cast.NewcomerPort);
        var cast = await Cast.Assemble(stage, new CastPolicy(CastPolicy.ServerOf(Cast.Port, Cast.NewcomerPort), ports, ports));
        await cast.Converse();
        var keyOfC = await cast.CDaemon.Fingerprint();
        await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();
        await newcomer.Go();
        stage.Say("D connects to another port of W: its first contact, and it says so.");
        var told = await cast.Expect("ECONNRESET", cast.Server, there);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        var events = cast.WDaemon.Events;
        var met = events.FirstOrDefault(e => e.Kind == "ike_sa_established" && e.Text("peer_key") != keyOfC);
        stage.Check("D got its IKE SA while C's latch stood", met is not null && met.Sequence < broken?.Sequence, met?.Text("text") ?? "D was never met");
        var lost = events.FirstOrDefault(e => e.Kind is "ike_sa_closed" or "child_sa_closed" && e.Text("peer_key") == keyOfC && e.Sequence < broken?.Sequence);
        stage.Check("until the break nothing of C's was deleted", lost is null, lost?.Text("text") ?? "nothing");
        stage.Check("the reason is PeerReplaced: D answered for the connection too", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        await cast.JudgeTheWire(told);
    }
}
