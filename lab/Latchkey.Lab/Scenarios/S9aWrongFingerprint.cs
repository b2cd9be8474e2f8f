using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Compared by telephone the key is another one than the one that is connected. The command refuses, and leaves the
/// connection alone, until the operator says that it may be closed.
/// </summary>
public sealed class S9aWrongFingerprint : Scenario
{
    public override string Id => "S9a";

    public override string Title => "A pin that the live peer does not match is refused; with --close its connection is reset, and it is let in no more";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        await cast.Converse();
        var ofC = await cast.CDaemon.Fingerprint();

        // Some other key; W's own will do.
        var wrong = await cast.WDaemon.Fingerprint();
        var refused = await cast.WDaemon.Try("pin", cast.C.Address, "--key", wrong);
        stage.Check(
            "the command refuses, names the key in use and says what would be closed",
            refused.Status == 1 && refused.Complaint.Contains(ofC, StringComparison.Ordinal) && refused.Complaint.Contains("--close", StringComparison.Ordinal),
            $"status {refused.Status}: {refused.Complaint.ReplaceLineEndings(" ")}");
        await cast.Client.Send(3000);
        await cast.Server.Send(3000);
        await cast.ExpectWhole(8000, 6000);
        await cast.ExpectLatch("ESTABLISHED");
        var pins = (await cast.WDaemon.AskJson("peers")).GetProperty("pins").GetArrayLength();
        stage.Check("nothing is pinned", pins == 0, $"{pins} pins");

        var asked = Moment.Now;
        var pinned = await cast.WDaemon.AskJson("pin", cast.C.Address, "--key", wrong, "--close");
        stage.Check("with --close it is pinned, and one latch closed", pinned.GetProperty("closed").GetInt32() == 1, pinned.ToString());
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        stage.TimeToNotice = null;
        var closed = await cast.WDaemon.Event(e => e.Kind == "latch_closed", Cast.Soon);
        stage.Check("the reason is Administrative", closed?.Text("reason") == "Administrative", closed?.Text("text") ?? "no alert");
        await cast.ExpectLatch("CLOSED");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
