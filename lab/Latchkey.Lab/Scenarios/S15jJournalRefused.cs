using Latchkey.Lab.Applications;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// A journal that is damaged, and one of another boot: the daemon does not guess. It says why it refuses the journal, resets
/// the connections it knows nothing of, and lets new ones begin.
/// </summary>
public sealed class S15jJournalRefused : Scenario
{
    public override string Id => "S15j";

    public override string Title => "A damaged latch journal, and one of another boot: refused with the reason, the old connections are reset";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        await cast.Converse();

        await cast.WDaemon.Kill();
        await Damage(cast.WDaemon.Journal);
        stage.Say("W's daemon was killed, one bit of its journal is flipped, and it is started again.");
        await cast.WDaemon.Start();
        await Refused(stage, cast, cast.Server, because: "damaged");

        var second = await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        await Connected(cast, Cast.NewcomerPort, second, "second-client");
        stage.Check("a new connection is protected and works", second.Failure is null, $"{(await second.Count()).Received} octets");

        await cast.WDaemon.Kill();
        stage.Say("W's daemon is killed again, and the next one finds itself in another boot of the kernel.");
        await cast.WDaemon.StartInAnotherBoot();
        await Refused(stage, cast, second, because: "boot");

        await cast.Capture.Stop();
        var leaked = await new Tshark(cast.Capture.File).Count($"tcp && eth.src == {cast.W.Nics[0].Mac}");
        stage.Check("W sent no TCP segment in clear, at no time", leaked == 0, $"{leaked} segments");
    }

    private static async Task Refused(Stage stage, Cast cast, Talker application, string because)
    {
        var refused = await cast.WDaemon.Event(e => e.Kind == "journal_refused", Cast.Soon);
        var why = refused?.Text("text") ?? "nothing";
        stage.Check("the daemon refuses the journal and says why", why.Contains(because, StringComparison.Ordinal), why);
        var closed = await cast.WDaemon.Event(e => e.Kind == "latch_closed" && e.Text("reason") == "DaemonLost", Cast.Soon);
        stage.Check("the latch is CLOSED, DaemonLost", closed is not null, closed?.Text("text") ?? "no event");
        var error = await application.ReportWithin("error", Cast.Soon);
        stage.Check("W's application gets ECONNRESET", error?.Errno == "ECONNRESET", error?.ToString() ?? "nothing within the time");
    }

    private static async Task Connected(Cast cast, int port, Talker server, string name)
    {
        var client = await Talker.Ready(cast.C, cast.W.Address, port, name: name);
        await client.Go();
        await client.Report("connected", TimeSpan.FromSeconds(15));
        await client.Send(5000);
        await server.Received(5000, Cast.Soon);
    }

    /// <summary>Flips a bit in the middle.</summary>
    private static async Task Damage(string journal)
    {
        var octets = await File.ReadAllBytesAsync(journal);
        octets[octets.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(journal, octets);
    }
}
