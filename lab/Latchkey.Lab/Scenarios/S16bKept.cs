using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The entry says that its connections keep their policy. They do, until an administrator ends them.</summary>
public sealed class S16bKept : Scenario
{
    public override string Id => "S16b";

    public override string Title => "on_policy_change = \"keep\": the entry is taken away, the connection goes on protected, until 'latchkey close'";

    protected internal override async Task Tell(Stage stage)
    {
        var entry = new ProtectRule("story", LocalPort: $"{Cast.Port}") { OnPolicyChange = "keep" };
        var w = new DaemonConfiguration { Protect = [entry], ExportKeys = true };
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD with { W = w });
        await cast.Converse();
        var warning = (await cast.WDaemon.Check()).GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("message").GetString()!)
            .FirstOrDefault(m => m.Contains("later policy", StringComparison.Ordinal));
        stage.Check("check warns of it", warning is not null, warning ?? "no warning");

        var report = await cast.WDaemon.Reload(w with { Protect = [] });
        stage.Check("the latch is kept", report is { Kept: 1, Broken: 0 }, $"{report}");
        await cast.Client.Send(20_000);
        await cast.Server.Send(20_000);
        await cast.ExpectWhole(25_000, 23_000);
        cast.ExpectNoBreak();
        var latch = (await cast.WDaemon.Latches()).Single(l => l.GetProperty("state").GetString() == "ESTABLISHED");
        stage.Check("latches shows that it keeps its policy", latch.TryGetProperty("keeps_policy", out var keeps) && keeps.GetBoolean(), $"keeps_policy: {keeps}");
        var owner = latch.GetProperty("owner");
        stage.Check("and whose it is", owner.GetProperty("command").GetString()!.StartsWith("python", StringComparison.Ordinal), $"{owner.GetProperty("command")} ({owner.GetProperty("pid")})");

        var asked = Moment.Now;
        await cast.WDaemon.Ask("close", $"{latch.GetProperty("id")}");
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
