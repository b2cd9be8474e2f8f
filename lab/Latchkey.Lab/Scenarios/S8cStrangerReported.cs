using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The PAD refuses D, and C is silent. <c>on_stranger</c> says whether W's application is told that somebody else is in C's
/// place; D gets no SA either way.
/// </summary>
public sealed class S8cStrangerReported : Scenario
{
    private const int StrictPort = Cast.Port + 1;
    private const int OtherPort = Cast.Port + 2;

    public override string Id => "S8c";

    public override string Title => "A refused stranger at a silent peer's address: on_stranger = \"close\" is told, \"wait\" is not, D gets nothing";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        var others = CastPolicy.ClientOf(Cast.Port, StrictPort, OtherPort);
        await Task.WhenAll(cast.StartOnC(others), cast.StartOnD(others));
        var keyOfC = await cast.CDaemon.Fingerprint();
        await cast.StartOnW(new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("patient", LocalPort: $"{Cast.Port}") { Trust = "known" },
                new ProtectRule("strict", LocalPort: $"{StrictPort}") { Trust = "known", OnStranger = "close" },
                new ProtectRule("other", LocalPort: $"{OtherPort}") { Trust = "known" },
            ],
            Peers = [new KnownPeerRule("c", keyOfC, cast.C.Address)],
            ExportKeys = true,
        });
        stage.Say("Latchkey runs on all three. W knows C's key, and lets no other speak for C's address.");
        await cast.Converse();
        var strict = await Conversation.Begin(stage, cast.W, cast.C, StrictPort, Cast.ClientPort + 1, "strict");
        await Talker.Listen(cast.W, OtherPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, OtherPort);

        await cast.CVanishes();
        await cast.DTakesTheAddress();
        var asked = await newcomer.Go();
        stage.Say("D connects to W.");
        var told = await cast.Expect("ECONNRESET", strict.Server, asked);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        var refused = await cast.WDaemon.Event(e => e.Kind == "peer_refused", Cast.Soon);
        stage.Check("D is refused", refused is not null, refused?.Text("text") ?? "no refusal");
        await stage.Quietly(TimeSpan.FromSeconds(1));
        Conversation.ExpectUndisturbed(stage, cast.Server, "the patient connection");
        await cast.ExpectLatch("ESTABLISHED");
        var outcome = newcomer.Events[^1].Kind;
        stage.Check("D has no connection", outcome is "connecting" or "error", outcome);
        var strangers = cast.WDaemon.Events.Count(e => e.Kind == "child_sa_established" && e.Text("peer_key") != keyOfC);
        stage.Check("D has no SA", strangers == 0, $"{strangers} Child SAs with another key than C's");

        await cast.DLeaves();
        await cast.CComesBack();
        await cast.Client.Send(6000);
        await cast.Server.Send(4000);
        await cast.ExpectWhole(11000, 7000, TimeSpan.FromSeconds(30));
        await cast.JudgeTheWire(broken: null);
        await strict.JudgeTheWire(stage, cast, told);
    }
}
