using System.Text.Json;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Somebody sends W as many first messages of IKE as he can, each with another made-up sender, while C and W talk and a
/// newcomer wants to. Who receives at its address gets in with a cookie; nobody else costs W more than the answer.
/// </summary>
public sealed class X5Flood : Scenario
{
    private const int Short = 200_000;
    private const int Full = 2_000_000;
    private const int PerSecond = 50_000;
    private const int Chunk = 100_000;

    /// <summary>A flood leaves a few dozen half-open SAs behind, and no more.</summary>
    private const double Growth = 64;

    /// <summary>Answers that must have been asked for before the newcomer comes.</summary>
    private const long UnderWay = 5_000;

    public override string Id => "X5";

    public override string Title => "50,000 first messages a second with made-up senders: the connection goes on, a genuine newcomer gets in with a cookie, bounded memory";

    public override bool FillsTheMachine => true;

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var wire = await laboratory.Link();
        var w = await laboratory.Host("w", wire, 1);
        var c = await laboratory.Host("c", wire, 7);
        var newcomer = await laboratory.Host("e", wire, 9);
        var attacker = await laboratory.Host("attacker", wire, 66);
        foreach (var host in new[] { w, c, newcomer, attacker })
        {
            await host.Nics[0].Plug();
        }

        // Without the flood, whose octets prove nothing.
        var capture = await wire.Record("wire.pcap", only: "not udp port 500");
        var daemons = await Task.WhenAll(
            LatchkeyDaemon.Start(w, CastPolicy.Server()), LatchkeyDaemon.Start(c, CastPolicy.Client), LatchkeyDaemon.Start(newcomer, CastPolicy.Client));
        var daemon = daemons[0];
        var old = await Conversation.Begin(stage, w, c, Cast.Port, Cast.ClientPort, "old");
        var before = await daemon.AskJson("status");
        var pid = before.GetProperty("pid").GetInt32();
        var useBefore = ProcessUse.Of(pid);

        var count = stage.Full ? Full : Short;
        stage.Say($"The attacker sends {count} IKE_SA_INIT requests and more, {PerSecond} a second, each with a sender of its own; C and W transfer both ways.");
        var flood = await Flood.Begin(attacker, w, count, PerSecond);
        var transfer = Transfer(old, flood);
        var underWay = await stage.Until(async () => Drops(await daemon.AskJson("status"), "ike_drops", "cookie_asked") > UnderWay, Cast.Soon);
        // What finds W's socket full must be sent again, on a slow machine several times.
        await Conversation.Begin(stage, w, newcomer, Cast.NewcomerPort, 0, "newcomer's", Cast.Patience);
        stage.Check("the newcomer came while the flood went on", underWay && flood.GoesOn, underWay && flood.GoesOn ? "it still goes on" : "there was none, or it had ended");

        var (sent, seconds) = await flood.Stop();
        stage.Check("the flood took place", sent >= count, $"{sent} datagrams in {seconds:0.0} s, {sent / seconds:0} a second");
        var octets = await transfer;
        var (atServer, atClient) = (await old.Server.Received(octets, Cast.Patience), await old.Client.Received(octets, Cast.Patience));
        atServer = await old.Server.Count();
        stage.Check("the old connection carried on, byte for byte", atServer.Matches(atClient) && atServer.Received >= octets, $"{atServer.Received} octets to W, {atClient.Received} to C");
        Conversation.ExpectUndisturbed(stage, old.Server, "W's application");

        // What the socket still holds is read in a moment.
        var (after, asked, unread) = (before, 0L, 0L);
        var accounted = await stage.Until(
            async () =>
            {
                after = await daemon.AskJson("status");
                (asked, unread) = (Drops(after, "ike_drops", "cookie_asked"), Drops(after, "drops", "receive_buffer_full"));
                return Math.Abs(asked + unread - sent) < sent / 100;
            },
            Cast.Soon);
        var use = ProcessUse.Of(pid);
        stage.Check("what was sent is accounted for, by reason", accounted, $"{sent} sent: {asked} were asked for a cookie, {unread} found the socket full");
        stage.Check("nothing of it waited in the engine's queue", after.GetProperty("overload").GetInt64() == 0, $"{after.GetProperty("overload")} messages refused");
        stage.Check(
            "the daemon's memory is bounded", use.PeakMebibytes - useBefore.ResidentMebibytes < Growth,
            $"{useBefore.ResidentMebibytes:0} MiB before, {use.ResidentMebibytes:0} MiB after, {use.PeakMebibytes:0} MiB at most");
        stage.Say($"W's daemon computed {use.CpuSeconds - useBefore.CpuSeconds:0.0} s meanwhile, for transfer and flood together.");
        ExpectPeers(stage, daemon, await daemon.IkeSas());

        await capture.Stop();
        await new NoByteRule(capture, old.Flow, w.Nics[0], c.Nics[0], null, daemon.Keys).Judge(stage, broken: null, until: null);
    }

    /// <summary>Both ways, as long as the flood goes on.</summary>
    /// <returns>Octets that each end is to have received.</returns>
    private static async Task<long> Transfer(Conversation old, Flood flood)
    {
        var octets = 2000L;
        do
        {
            await old.Client.Send(Chunk);
            await old.Server.Send(Chunk);
            octets += Chunk;
            await old.Server.Received(octets, Cast.Patience);
            await old.Client.Received(octets, Cast.Patience);
        }
        while (flood.GoesOn);
        return octets;
    }

    private static void ExpectPeers(Stage stage, LatchkeyDaemon daemon, IReadOnlyList<JsonElement> sas)
    {
        var established = sas.Where(sa => sa.GetProperty("state").GetString() == "established").Select(sa => sa.GetProperty("remote").GetString()).Distinct().ToList();
        stage.Check("C and the newcomer have IKE SAs, and nobody else has", established.Count == 2, string.Join(", ", established));
        var broken = daemon.Events.FirstOrDefault(e => e.Kind == "latch_broken");
        stage.Check("no latch broke", broken is null, broken?.Text("text") ?? "no alert");
    }

    private static long Drops(JsonElement status, string counters, string reason) =>
        status.GetProperty(counters).TryGetProperty(reason, out var count) ? count.GetInt64() : 0;
}
