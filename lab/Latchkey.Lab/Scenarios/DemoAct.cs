using Latchkey.Lab.Applications;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>One act of the demonstration: the same story, with or without Latchkey. What must be seen differs, the steps do not.</summary>
/// <param name="policy">Null: nobody runs Latchkey.</param>
/// <param name="told">W's applications are told a reset.</param>
public sealed class DemoAct(string id, string title, CastPolicy? policy, bool told) : Scenario
{
    /// <summary>How long an application must have waited in vain to be called left in the dark.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public override string Id { get; } = id;

    public override string Title { get; } = title;

    /// <summary>What W's application saw, in a few words.</summary>
    public string Seen { get; private set; } = "the act did not get that far";

    /// <summary>What of the old connection reached D, in a few words.</summary>
    public string Leaked { get; private set; } = "unknown";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = policy is null ? await Cast.Assemble(stage) : await Cast.Assemble(stage, policy);
        await WebServer.Start(cast.W, Cast.Port + 8);
        var page = await cast.C.Run("curl", "-sS", "--max-time", "10", "-g", $"http://{stage.Plan.WithPort(cast.W.Address, Cast.Port + 8)}/");
        stage.Check("curl on C fetches a page from nginx on W", page.Trim() == WebServer.Page, page.Trim());
        var socat = await SocatPair.Connect(cast.W, cast.C, Cast.Port + 5);
        stage.Say("C and W have a long connection between two socats, and another between two small programs that tell their errors.");
        await cast.Converse();
        var newcomersServer = await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);

        await cast.CVanishes();
        await cast.DTakesTheAddress();
        var since = await newcomer.Go();
        stage.Say("D connects to W, as a newcomer does. W's application sends its next 1000 octets, meant for C.");
        await newcomer.Report("connected");
        await cast.Server.Send(1000);
        await Watch(stage, cast, socat, since);
        await newcomersServer.Quit();
        await cast.Capture.Stop();
        await JudgeTheWire(stage, cast);
    }

    private async Task Watch(Stage stage, Cast cast, SocatPair socat, Moment since)
    {
        if (told)
        {
            await cast.Expect("ECONNRESET", cast.Server, since);
            Seen = cast.Server.Failure is { } failure ? $"{failure.Errno} after {failure.At - since:0} ms" : "nothing";
            if (policy is not null)
            {
                var socatSaid = await socat.ServerSays("Connection reset by peer");
                stage.Check("socat is told the same", socatSaid is not null, socatSaid ?? socat.LastWords);
            }

            return;
        }

        await stage.Quietly(Patience);
        Seen = cast.Server.Failure is { } unexpected ? $"{unexpected.Errno}" : $"nothing for {Patience.TotalSeconds:0} s, and so until TCP gives up, after some 15 minutes";
        stage.Check("W's application is told nothing", cast.Server.Failure is null, Seen);
    }

    private async Task JudgeTheWire(Stage stage, Cast cast)
    {
        var leaked = await new Tshark(cast.Capture.File).Count($"{cast.Flow} && tcp.len > 0 && eth.dst == {cast.D.Nics[0].Mac}");
        Leaked = leaked == 0 ? "nothing" : $"{leaked} segments in clear";
        if (policy is null)
        {
            stage.Check("D was sent octets of C's connection, in clear", leaked > 0, Leaked);
            return;
        }

        await new NoByteRule(cast.Capture, cast.Flow, cast.W.Nics[0], cast.C.Nics[0], cast.D.Nics[0], cast.WDaemon.Keys).Judge(stage, cast.Server.Failure?.At, until: null);
    }
}
