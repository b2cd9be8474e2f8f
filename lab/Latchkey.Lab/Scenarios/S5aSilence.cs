using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C is gone and nobody has its address. Dead peer detection comes to its verdict, and the two settings of
/// <c>on_silence</c> say what it means: packet loss, as with a pulled cable, or a break (RFC 5660 L16).
/// </summary>
public sealed class S5aSilence : Scenario
{
    private const int StrictPort = Cast.Port + 1;

    public override string Id => "S5a";

    public override string Title => "C is silent for good: ETIMEDOUT with on_silence = \"wait\", ECONNRESET with \"close\"";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD with
        {
            C = CastPolicy.ClientOf(Cast.Port, StrictPort),
            W = new DaemonConfiguration
            {
                Protect = [new ProtectRule("patient", LocalPort: $"{Cast.Port}"), new ProtectRule("strict", LocalPort: $"{StrictPort}") { OnSilence = "close" }],
                GiveUpAfter = "10s",
                ExportKeys = true,
            },
        });
        // Four retransmissions instead of fifteen: W's TCP gives up after some six seconds instead of as many minutes.
        await cast.W.Namespace.Sysctl("net.ipv4.tcp_retries2=4");
        await cast.Converse();
        var strict = await Conversation.Begin(stage, cast.W, cast.C, StrictPort, Cast.ClientPort + 1, "strict");
        await cast.CVanishes();
        stage.Say("W sends its next 1000 octets on the patient connection; the strict one is idle.");
        await cast.Server.Send(1000);

        await cast.Expect("ETIMEDOUT", cast.Server, Moment.Now, TimeSpan.FromSeconds(60));
        var told = await cast.Expect("ECONNRESET", strict.Server, Moment.Now, TimeSpan.FromSeconds(60));
        stage.TimeToNotice = null;
        // The event comes through another program than the application's error, and may come later.
        await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        var broken = cast.WDaemon.Events.Where(e => e.Kind == "latch_broken").ToList();
        stage.Check(
            "only the strict latch broke, as PeerDead", broken is [var only] && only.Text("reason") == "PeerDead" && LocalPort(only) == StrictPort,
            broken.Count == 0 ? "no alert" : string.Join("; ", broken.Select(e => e.Text("text"))));
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
        await strict.JudgeTheWire(stage, cast, told, withNewcomer: false);
    }

    private static int LocalPort(DaemonEvent alert) => alert.Facts.GetProperty("flow").GetProperty("local_port").GetInt32();
}
