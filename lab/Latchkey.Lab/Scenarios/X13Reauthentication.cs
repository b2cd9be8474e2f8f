using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C proves itself anew every few seconds under a running transfer, because W says that it must, and nobody notices. Then another
/// key is at C's address: nothing tells W's application, until the time of C's last proof is over.
/// </summary>
public sealed class X13Reauthentication : Scenario
{
    private const int Chunk = 40_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(15);

    public override string Id => "X13";

    public override string Title => "The peer proves itself anew under a running transfer: zero breaks; with another key it cannot, and W's application gets ECONNRESET when the time is over";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        await Task.WhenAll(cast.StartOnC(CastPolicy.Client), cast.StartOnD(CastPolicy.Client));
        var keyOfC = await cast.CDaemon.Fingerprint();
        await cast.StartOnW(CastPolicy.Server(trust: "known") with
        {
            Peers = [new KnownPeerRule("c", keyOfC, cast.C.Address)],
            AuthenticationLifetime = $"{Lifetime.TotalSeconds}s",
        });
        stage.Say($"Latchkey runs on all three. W knows C's key, and wants a new proof of it every {Lifetime.TotalSeconds} seconds; C has no such wish of its own.");
        await cast.Converse();
        var latch = await Latch(cast);
        stage.Say("C and W talk both ways, until C has proved itself anew twice.");
        var (toW, toC) = (5000L, 3000L);
        var enough = await stage.Until(
            async () =>
            {
                await cast.Client.Send(Chunk);
                await cast.Server.Send(Chunk);
                (toW, toC) = (toW + Chunk, toC + Chunk);
                return Anew(cast.WDaemon) >= 2 && Anew(cast.CDaemon) >= 2;
            },
            Lifetime * 4);
        stage.Check("both ends told of two new proofs", enough, $"{Anew(cast.WDaemon)} on W, {Anew(cast.CDaemon)} on C");
        await cast.ExpectWhole(toW, toC, TimeSpan.FromSeconds(20));
        stage.Check("the latch is the same, in the same channel", await Latch(cast) == latch, latch);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        // A host that has other things to do may leave probes unanswered for 40 ms, and is then asked who it is; for nothing else.
        var wrong = Doubts(cast.WDaemon).Concat(Doubts(cast.CDaemon)).FirstOrDefault();
        stage.Check("nobody was taken for restarted, replaced or lost", wrong is null, wrong?.Text("text") ?? "nothing of the kind");

        var fromC = await cast.Client.Count();
        await cast.CVanishes();
        await cast.DTakesTheAddress();
        var last = Moment.Now;
        await cast.Server.Send(1000);
        stage.Say("D has another key: W's data reaches nobody, and D cannot prove that it is C.");
        var told = await cast.Expect("ECONNRESET", cast.Server, last, Lifetime + Cast.Soon);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is AuthenticationExpired", broken?.Text("reason") == "AuthenticationExpired", broken?.Text("text") ?? "no alert");
        var ended = await cast.WDaemon.Event(e => e.Kind == "ike_sa_closed" && e.Text("reason") == "AuthenticationExpired", Cast.Soon);
        stage.Check("the IKE SA ended with it, after the break", ended?.Sequence > broken?.Sequence, ended?.Text("text") ?? "it is still there");
        await cast.ExpectNothingForeign(fromC);
        await cast.JudgeTheWire(told);
    }

    private static int Anew(LatchkeyDaemon daemon) => daemon.Events.Count(e => e.Kind == "ike_sa_reauthenticated");

    private static IEnumerable<DaemonEvent> Doubts(LatchkeyDaemon daemon)
    {
        var silence = daemon.Events.FirstOrDefault(e => e.Kind == "probe_silent")?.Sequence ?? long.MaxValue;
        return daemon.Events.Where(e => e.Kind is "latch_broken" or "peer_restarted" or "peer_replaced" || (e.Kind == "who_is_there" && e.Sequence < silence));
    }

    private static async Task<string> Latch(Cast cast)
    {
        var latch = (await cast.WDaemon.Latches()).First(l => l.GetProperty("flow").GetProperty("remote_port").GetInt32() == Cast.ClientPort);
        return $"latch {latch.GetProperty("id")} in channel {latch.GetProperty("channel")}";
    }
}
