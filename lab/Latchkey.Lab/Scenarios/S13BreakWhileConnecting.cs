using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>W itself is connecting to C when C is replaced: connect() fails at once, as if the port were closed.</summary>
public sealed class S13BreakWhileConnecting : Scenario
{
    public override string Id => "S13";

    public override string Title => "C is replaced while W's connect() is under way: ECONNREFUSED";

    protected internal override async Task Tell(Stage stage)
    {
        var either = new DaemonConfiguration { Protect = [new ProtectRule("story") { Port = $"{Cast.Port}" }], ExportKeys = true };
        var cast = await Cast.Assemble(stage, new CastPolicy(either, either, either));
        await cast.C.Run("nft", $"add table inet lab; add chain inet lab input {{ type filter hook input priority 100; }}; add rule inet lab input tcp dport {Cast.Port} drop");
        stage.Say("C's own packet filter swallows every SYN, so that W's connect() stays under way.");
        var connecting = await Talker.Ready(cast.W, cast.C.Address, Cast.Port, Cast.ClientPort);
        await connecting.Go();
        var latched = await cast.WDaemon.Event(e => e.Kind == "latch_established", Cast.Soon);
        stage.Check("the half-open connection is latched to C", latched is not null, latched?.Text("text") ?? "no latch");

        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();
        var told = await cast.Expect("ECONNREFUSED", connecting, there, TimeSpan.FromSeconds(20));
        stage.Check("it was connect() that failed", connecting.Failure?.Text("call") == "connect", $"{connecting.Failure}");
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");
        await cast.JudgeTheWire(told);
    }
}
