using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// W has a permanent neighbour entry for R1's card. R2 can send to W from the address, but what W answers goes to R1's card:
/// no exchange of R2's is ever completed, and nothing that depends on one happens.
/// </summary>
public sealed class S7sStaticNeighbour : Scenario
{
    public override string Id => "S7s";

    public override string Title => "The same with a static neighbour entry at W: R2 never gets an answer; the session lives with R1, and times out without it";

    protected internal override async Task Tell(Stage stage)
    {
        var routers = await Routers.Peer(stage);
        var (w, r1, r2) = (routers.Cast.W.Nics[0], routers.Cast.C.Nics[0], routers.Cast.D.Nics[0]);
        await routers.Cast.W.Namespace.Ip(stage.Plan.Family, "neigh", "replace", r1.Address, "lladdr", r1.Mac, "dev", w.Device, "nud", "permanent");
        // R2 is as strong as it can be: it need not ask W for its card, which W would not tell it.
        await routers.Cast.D.Namespace.Ip(stage.Plan.Family, "neigh", "replace", w.Address, "lladdr", w.Mac, "dev", r2.Device, "nud", "permanent");
        await routers.Cast.W.Namespace.Sysctl("net.ipv4.tcp_retries2=4");

        await routers.R2TakesTheAddress();
        var (_, atR2) = await routers.R2Connects();
        stage.Say("Both routers are there, with one address.");
        for (var i = 0; i < 4; i++)
        {
            await stage.Quietly(TimeSpan.FromMilliseconds(500));
            await routers.ExpectSessionAlive($"while R2 tries ({i + 1} of 4)");
        }

        await routers.R1IsGone();
        await routers.Speaker.Send(1000);
        await routers.Cast.Expect("ETIMEDOUT", routers.Speaker, Moment.Now, TimeSpan.FromSeconds(60));
        stage.TimeToNotice = null;
        routers.Cast.ExpectNoBreak();
        stage.Check("R2 has no connection", atR2.Events[^1].Kind is "connecting" or "error", atR2.Events[^1].ToString());
        var established = routers.Cast.DDaemon.Events.Count(e => e.Kind == "ike_sa_established");
        stage.Check("R2 never completed an exchange", established == 0, $"{established} IKE SAs");
        var entry = await routers.NeighbourEntry();
        stage.Check("W's neighbour entry is still R1's", entry.Contains(r1.Mac, StringComparison.Ordinal), entry);
        await routers.Judge(broken: null);
        var tshark = new Tshark(routers.Cast.Capture.File);
        var tried = await tshark.Count($"isakmp && eth.src == {r2.Mac}");
        var answered = await tshark.Count($"eth.src == {w.Mac} && eth.dst == {r2.Mac}");
        stage.Check("R2 tried, and no frame of W was for its card", tried > 0 && answered == 0, $"{tried} IKE messages of R2, {answered} frames of W for it");
    }
}
