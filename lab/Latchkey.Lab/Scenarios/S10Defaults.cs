using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Nothing is configured but what is protected: TCP is reset, UDP is told that the port is unreachable (RFC 5660 L46). The
/// purist's setting beside it makes both wait. SCTP's defaults are told where the kernel has SCTP (S11, S11a).
/// </summary>
public sealed class S10Defaults : Scenario
{
    private const int PuristTcp = Cast.Port + 1;
    private const int Udp = Cast.Port + 2;
    private const int PuristUdp = Cast.Port + 3;

    public override string Id => "S10";

    public override string Title => "The defaults: TCP is reset, UDP told \"unreachable\"; on_break = \"wait\" makes both wait; SCTP is left to a kernel that has it";

    protected internal override async Task Tell(Stage stage)
    {
        var w = new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("tcp", LocalPort: $"{Cast.Port}"),
                new ProtectRule("purist-tcp", LocalPort: $"{PuristTcp}") { OnBreak = "wait" },
                new ProtectRule("udp", RemotePort: $"{Udp}") { Protocol = "udp" },
                new ProtectRule("purist-udp", RemotePort: $"{PuristUdp}") { Protocol = "udp", OnBreak = "wait" },
            ],
            ExportKeys = true,
        };
        var others = new DaemonConfiguration
        {
            Protect =
            [
                .. CastPolicy.ClientOf(Cast.Port, PuristTcp).Protect,
                new ProtectRule("udp", LocalPort: $"{Udp}") { Protocol = "udp" },
                new ProtectRule("purist-udp", LocalPort: $"{PuristUdp}") { Protocol = "udp" },
            ],
        };
        var cast = await Cast.Assemble(stage, new CastPolicy(w, others, others));
        await cast.Converse();
        var purist = await Conversation.Begin(stage, cast.W, cast.C, PuristTcp, Cast.ClientPort + 1, "purist");
        var (asker, puristAsker) = (await Answered(stage, cast, Udp), await Answered(stage, cast, PuristUdp));

        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();
        stage.Say("W has something to say on all four connections.");
        await cast.Server.Send(1000);
        await purist.Server.Send(1000);
        await asker.Ask();
        await puristAsker.Ask();
        var told = await cast.Expect("ECONNRESET", cast.Server, there);
        stage.TimeToNotice = null;
        var refused = await asker.Report("error", Cast.Soon);
        stage.Check("W's UDP application gets ECONNREFUSED", refused?.Errno == "ECONNREFUSED", refused?.ToString() ?? "nothing within the time");

        var all = await stage.Until(() => Task.FromResult(cast.WDaemon.Events.Count(e => e.Kind == "latch_broken") == 4), Cast.Soon);
        stage.Check("all four latches broke", all, $"{cast.WDaemon.Events.Count(e => e.Kind == "latch_broken")} alerts");
        var broken = Moment.Now;
        await stage.Quietly(TimeSpan.FromSeconds(1));
        Conversation.ExpectUndisturbed(stage, purist.Server, "the purist's TCP application");
        var woken = puristAsker.Failure;
        stage.Check("the purist's UDP application is not disturbed", woken is null, woken?.ToString() ?? "it still waits in recv()");
        stage.Say("SCTP has its defaults too (ABORT with one path, unreachable with several); they are told where the kernel has SCTP.");

        await cast.JudgeTheWire(told);
        await purist.JudgeTheWire(stage, cast, broken);
        var clear = await new Tshark(cast.Capture.File).Count($"udp.port == {Udp} || udp.port == {PuristUdp}");
        stage.Check("no datagram crossed the wire in clear, nor an ICMP error that quotes one", clear == 0, $"{clear} frames");
    }

    private static async Task<Asker> Answered(Stage stage, Cast cast, int port)
    {
        await EchoServer.Start(cast.C, port);
        var asker = await Asker.Connect(cast.W, cast.C.Address, port);
        await asker.Ask();
        var answered = await asker.Report("answered", Cast.Soon);
        stage.Check($"C answers on UDP port {port}", answered is not null, answered?.ToString() ?? "no answer");
        return asker;
    }
}
