using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C lives and never left. Somebody in the path cuts it off until no SA with it stands, and then answers W's re-establishment
/// with a key of his own (RFC 5387 §5.8). The connection breaks; it is never bound to him.
/// </summary>
public sealed class S17RekeyHijack : Scenario
{
    public override string Id => "S17";

    public override string Title => "Rekey hijack: D, in the path, answers W's re-establishment with its own key: BROKEN, never bound anew";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.Default with { W = CastPolicy.Server() with { IkeLifetime = "10s" } });
        await cast.Converse();
        await cast.C.Nics[0].Unplug();
        stage.Say("D cuts C off from W, and waits until no SA between them stands. C and its application live on.");
        var ended = await cast.WDaemon.Event(e => e.Kind == "ike_sa_closed", TimeSpan.FromSeconds(30));
        stage.Check("W's IKE SA with C ended", ended is not null, ended?.Text("text") ?? "it lives on");
        var left = (await cast.WDaemon.IkeSas()).Count;
        stage.Check("no SA is left", left == 0, $"{left} IKE SAs");
        await cast.ExpectLatch("ESTABLISHED");

        var there = await cast.DTakesTheAddress();
        stage.Say("W has 1000 octets to send. It must establish SAs anew, and D answers.");
        await cast.Server.Send(1000);
        var told = await cast.Expect("ECONNRESET", cast.Server, there);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the latch is BROKEN, because its peer was replaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        var bound = cast.WDaemon.Events.Where(e => e.Kind is "latch_established" or "latch_restored" && IsFlow(e)).Select(e => e.Text("peer_key")).ToList();
        var keyOfC = await cast.CDaemon.Fingerprint();
        stage.Check("it was bound once, to C, and never to another", bound is [var only] && only == keyOfC, $"{bound.Count} times: {string.Join(", ", bound)}");
        await cast.JudgeTheWire(told);
        var sent = await new Tshark(cast.Capture.File).Count($"esp && eth.src == {cast.W.Nics[0].Mac} && eth.dst == {cast.D.Nics[0].Mac}");
        stage.Check("W sent D not one ESP packet", sent == 0, $"{sent} packets");
    }

    private static bool IsFlow(Daemons.DaemonEvent told) =>
        told.Facts.TryGetProperty("flow", out var flow) && flow.GetProperty("remote_port").GetInt32() == Cast.ClientPort;
}
