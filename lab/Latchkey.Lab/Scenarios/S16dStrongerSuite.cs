using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// W's administrator demands a stronger cipher from now on. What is latched to the weaker one breaks; a peer that has only
/// that one is refused with both lists side by side; one that has the stronger is served with it.
/// </summary>
public sealed class S16dStrongerSuite : Scenario
{
    private const string Weak = "aes128gcm16";
    private const string Strong = "aes256gcm16";

    public override string Id => "S16d";

    public override string Title => "The entry demands a stronger suite: the connection breaks, a peer without it is refused, one with it is served";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, new CastPolicy(WithSuite(CastPolicy.Server(), Weak), WithSuite(CastPolicy.Client, Weak), null));
        await cast.Converse();
        stage.Say($"W's administrator demands {Strong} in place of {Weak}.");
        await cast.WDaemon.Configure(WithSuite(CastPolicy.Server(), Strong));
        var asked = Moment.Now;
        await cast.WDaemon.Hangup();
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check(
            "the reason is PolicyChanged, and names both suites",
            broken?.Text("reason") == "PolicyChanged" && broken.Text("text")!.Contains("AES-GCM-16-256", StringComparison.Ordinal) && broken.Text("text")!.Contains("AES-GCM-16-128", StringComparison.Ordinal),
            broken?.Text("text") ?? "no alert");

        var listening = await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        var refused = await Talker.Ready(cast.C, cast.W.Address, Cast.NewcomerPort, name: "weak-client");
        await refused.Go();
        var mismatch = await cast.WDaemon.Event(e => e.Kind == "proposal_mismatch", Cast.Soon);
        var details = mismatch?.Text("details") ?? "";
        stage.Check(
            "a peer that has only the weaker suite is refused, offered beside configured",
            details.Contains("offered AES-GCM-16-128", StringComparison.Ordinal) && details.Contains("configured AES-GCM-16-256", StringComparison.Ordinal), mismatch?.ToString() ?? "not told");
        var error = await refused.ReportWithin("error", Cast.Soon);
        stage.Check("its connection fails", error is not null, error?.Errno ?? "nothing within the time");

        await cast.CDaemon.Reload(WithSuite(CastPolicy.Client, Strong));
        var served = await Talker.Ready(cast.C, cast.W.Address, Cast.NewcomerPort, name: "strong-client");
        await served.Go();
        await served.Send(1000);
        var heard = await listening.Received(1000, Cast.Soon);
        var suites = (await cast.WDaemon.IkeSas())
            .SelectMany(sa => sa.GetProperty("children").EnumerateArray()).Select(child => child.GetProperty("suite").GetString()!).ToList();
        stage.Check("once C has the stronger suite too it is served, with nothing else", heard.Received == 1000 && suites.TrueForAll(s => s.StartsWith("AES-GCM-16-256", StringComparison.Ordinal)), $"{heard.Received} octets under {string.Join(", ", suites)}");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }

    private static DaemonConfiguration WithSuite(DaemonConfiguration configuration, string cipher) =>
        configuration with { Protect = [.. configuration.Protect.Select(rule => rule with { Esp = cipher })] };
}
