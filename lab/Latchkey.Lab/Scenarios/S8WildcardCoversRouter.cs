using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The PAD's wildcard reaches R1's address, so R2's key may claim it: it does, and the checker had warned.</summary>
public sealed class S8WildcardCoversRouter : Scenario
{
    public override string Id => "S8";

    public override string Title => "The PAD's wildcard covers the router's address: 'latchkey check' warns, and the break occurs";

    protected internal override async Task Tell(Stage stage)
    {
        var routers = await Routers.Peer(stage);
        var check = await routers.Cast.WDaemon.Check();
        var warnings = check.GetProperty("findings").EnumerateArray()
            .Where(finding => finding.GetProperty("kind").GetString() == "warning").Select(finding => finding.GetProperty("message").GetString()!).ToList();
        stage.Check(
            "'latchkey check' warns that whoever takes a router's address breaks its session", warnings.Exists(w => w.Contains("BGP", StringComparison.Ordinal)),
            warnings.Count == 0 ? "no warning" : string.Join("; ", warnings));

        await routers.R1IsGone();
        await routers.R2TakesTheAddress();
        stage.Say("R2 begins nothing; W has something to say.");
        var asked = Moment.Now;
        await routers.Speaker.Send(1000);
        var told = await routers.Cast.Expect("ECONNRESET", routers.Speaker, asked);
        var broken = await routers.Cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        await routers.Judge(told);
    }
}
