using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The disk under W's state folder is full. A first key that cannot be recorded is not trusted, connections that run are not
/// touched, and the daemon says what is wrong and when it is over.
/// </summary>
public sealed class X8FullDisk : Scenario
{
    public override string Id => "X8";

    public override string Title => "W's disk is full: who is new is refused, who is there goes on, the daemon says why; with room all is well again";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        var state = Directory.CreateDirectory(Path.Combine(cast.W.Folder, "state")).FullName;
        await Command.Run("mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "latchkey-lab", state);
        try
        {
            await Tell(stage, cast, Path.Combine(state, "filler"));
        }
        finally
        {
            await Command.Run("umount", "--lazy", state);
        }
    }

    private static async Task Tell(Stage stage, Cast cast, string filler)
    {
        var e = await stage.Laboratory.Host("e", cast.Wire, 8);
        await e.Nics[0].Plug();
        await Task.WhenAll(cast.StartOnC(CastPolicy.Client), cast.StartOnW(CastPolicy.Server(trust: null)), LatchkeyDaemon.Start(e, CastPolicy.Client));
        await cast.Converse();
        await Fill(filler);
        stage.Say("The disk under W's state folder is full. E, which W never met, connects.");
        var listening = await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-e");
        var early = await Talker.Ready(e, cast.W.Address, Cast.NewcomerPort, name: "early");
        await early.Go();
        var refused = await cast.WDaemon.Event(ev => ev.Kind == "peer_refused", Cast.Soon);
        stage.Check("E is refused, for its key cannot be recorded", refused?.Text("reason") == "PinNotRecorded", refused?.Text("text") ?? "no refusal");
        var error = await early.ReportWithin("error", Cast.Soon);
        stage.Check("its application is told", error is not null, error?.Errno ?? "nothing within the time");
        var degraded = await cast.WDaemon.Event(ev => ev.Kind == "degraded", Cast.Soon);
        stage.Check("W's daemon says what is wrong", degraded?.Text("text")?.Contains("full", StringComparison.Ordinal) == true, degraded?.Text("text") ?? "it does not");
        var status = await cast.WDaemon.Ask("status");
        stage.Check("so does status", status.Contains("pins cannot be recorded", StringComparison.Ordinal), status.ReplaceLineEndings(" / "));
        await cast.Client.Send(1000);
        await cast.ExpectWhole(6000, 3000);
        cast.ExpectNoBreak();

        File.Delete(filler);
        stage.Say("There is room again, and E tries again.");
        var late = await Talker.Ready(e, cast.W.Address, Cast.NewcomerPort, name: "late");
        await late.Go();
        await late.Send(1000);
        var heard = await listening.Received(1000, Cast.Soon);
        var repaired = await cast.WDaemon.Event(ev => ev.Kind == "repaired", Cast.Soon);
        stage.Check("E is let in, and the daemon says that it is over", heard.Received == 1000 && repaired is not null, repaired?.Text("text") ?? "it does not");
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
    }

    private static async Task Fill(string file)
    {
        var page = new byte[4096];
        try
        {
            await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                await stream.WriteAsync(page);
            }
        }
        catch (IOException)
        {
            // That was the last page.
        }
    }
}
