using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// W's administrator takes the protection away while connections live. They break, and although everything else of theirs
/// passes in clear from now on, not an octet of them does, however long their sockets try.
/// </summary>
public sealed class S16EntryRemoved : Scenario
{
    private const int Reset = Cast.Port + 1;
    private const int ResetFrom = Cast.ClientPort + 1;
    private const int Fresh = Cast.Port + 2;

    public override string Id => "S16";

    public override string Title => "The entry is taken away: its connections break and never go on in clear, new ones do; a bad file changes nothing";

    protected internal override async Task Tell(Stage stage)
    {
        var before = new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("waits", LocalPort: $"{Cast.Port}") { OnBreak = "wait" },
                new ProtectRule("is-told", LocalPort: $"{Reset}"),
                new ProtectRule("fresh", LocalPort: $"{Fresh}"),
            ],
            ExportKeys = true,
        };
        var nothing = before with { Protect = [] };
        var cast = await Cast.Assemble(stage, new CastPolicy(before, CastPolicy.ClientOf(Cast.Port, Reset, Fresh), null));
        await cast.Converse();
        var told = await Conversation.Begin(stage, cast.W, cast.C, Reset, ResetFrom, "second");

        var bad = await cast.WDaemon.Reload(nothing with { Protect = [new ProtectRule("waits", LocalPort: "70000")] });
        stage.Check("a file with an error is refused", !bad.Reloaded, $"{bad}");
        await cast.Client.Send(1000);
        await cast.ExpectWhole(6000, 3000);
        cast.ExpectNoBreak();

        stage.Say("W's administrator takes every entry away.");
        var good = await cast.WDaemon.Reload(nothing);
        var changed = Moment.Now;
        stage.Check("both connections' latches break", good.Broken == 2, $"{good}");
        var error = await told.Server.ReportWithin("error", Cast.Soon);
        stage.Check("the second application gets ECONNRESET", error?.Errno == "ECONNRESET", error?.ToString() ?? "nothing within the time");
        var broken = cast.WDaemon.Events.Where(e => e.Kind == "latch_broken").ToList();
        stage.Check("the reason is PolicyChanged", broken.Count == 2 && broken.TrueForAll(e => e.Text("reason") == "PolicyChanged"), string.Join("; ", broken.Select(e => e.Text("text"))));

        stage.Say("The first application, which waits, sends 4000 octets; its socket repeats them for two seconds.");
        await cast.Server.Send(4000);
        await stage.Quietly(TimeSpan.FromSeconds(2));
        Conversation.ExpectUndisturbed(stage, cast.Server, "the first application");
        await cast.ExpectLatch("BROKEN");

        await cast.CDaemon.Reload(new DaemonConfiguration { Protect = [] });
        var listening = await Talker.Listen(cast.W, Fresh, "fresh-server");
        var calling = await Talker.Ready(cast.C, cast.W.Address, Fresh, name: "fresh-client");
        await calling.Go();
        await calling.Send(1000);
        var heard = await listening.Received(1000, Cast.Soon);
        stage.Check("a new connection between the same hosts works", heard.Received == 1000, $"{heard.Received} octets");
        var released = await stage.Until(async () => !(await Held(cast)).Contains($"{ResetFrom}", StringComparison.Ordinal), Cast.Soon);
        var held = await Held(cast);
        stage.Check("the host lets go of the connection whose socket is gone, and holds the other", released && held.Contains($"{Cast.ClientPort}", StringComparison.Ordinal), held);

        await cast.JudgeTheWire(changed, withNewcomer: false);
        await told.JudgeTheWire(stage, cast, changed, withNewcomer: false);
        var clear = await new Tshark(cast.Capture.File).Count($"{cast.Between(cast.W.Address, cast.C.Address)} && tcp.port == {Fresh}");
        stage.Check("the new connection is in clear, as the policy says", clear > 0, $"{clear} TCP segments of it in clear");
    }

    private static async Task<string> Held(Cast cast)
    {
        var rules = await cast.W.Run("ip", cast.W.Plan.Family, "rule", "list", "table", "7296");
        return string.Join("; ", rules.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(rule => rule.Trim()));
    }
}
