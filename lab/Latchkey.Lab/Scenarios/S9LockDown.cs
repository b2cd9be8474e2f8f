using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// W trusts anyone at first. Then its operator compares fingerprints by telephone and pins C's key: the connection is not
/// touched, and D is a stranger. Taken back, the pin leaves things as they were.
/// </summary>
public sealed class S9LockDown : Scenario
{
    public override string Id => "S9";

    public override string Title => "Locked down after a leap of faith: the live connection is not touched, D is refused; unpinned, D replaces C as ever";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default);
        await cast.Converse();
        var onC = await cast.CDaemon.Fingerprint();
        var onW = await cast.WDaemon.Fingerprint(cast.C.Address);
        stage.Check("by telephone both name the same key", onC == onW, $"{onC} on C, {onW} on W");
        var pinned = await cast.WDaemon.AskJson("pin", cast.C.Address, "--key", onC);
        stage.Check("W pins C's address to it", pinned.GetProperty("key").GetString() == onC, pinned.GetProperty("text").GetString()!);
        await Pins.Expect(stage, cast.WDaemon, cast.C.Address, onC, "pinned");
        await cast.Client.Send(3000);
        await cast.Server.Send(3000);
        await cast.ExpectWhole(8000, 6000);
        await cast.ExpectLatch("ESTABLISHED");

        await Pins.ExpectStrangerRefused(stage, cast);

        var unpinned = await cast.WDaemon.AskJson("unpin", cast.C.Address);
        stage.Check("unpinning touches no connection", unpinned.GetProperty("closed").GetInt32() == 0, unpinned.GetProperty("text").GetString()!);
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort, name: "newcomer");
        var asked = await newcomer.Go();
        stage.Say("The pin is taken back, and D tries again.");
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        await newcomer.Report("connected");
        await cast.JudgeTheWire(told);
    }
}
