using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Somebody on the link who sees everything and can send from any address, but receives nothing that is for C, sends ten
/// thousand packets of every kind he can forge while C and W transfer. Nothing breaks, and nothing stands still.
/// </summary>
public sealed class X4Barrage : Scenario
{
    private const int Packets = 10_000;
    private const int Chunk = 100_000;

    /// <summary>The product asks at most one probe train per peer in half a second on hints.</summary>
    private const int TrainsPerSecond = 2;

    private const int ProbesPerTrain = 3;

    /// <summary>A pause longer than this is a stall, also on a busy machine.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan AttackLimit = TimeSpan.FromMinutes(3);

    public override string Id => "X4";

    public override string Title => "10,000 forged packets of every kind under a running transfer: no break, no stall, few probes, bounded memory";

    public override bool FillsTheMachine => true;

    protected internal override async Task Tell(Stage stage)
    {
        var policy = CastPolicy.WithoutD;
        var cast = await Cast.Assemble(stage, policy with { W = policy.W with { Esn = false } });
        var attacker = await stage.Laboratory.Host("attacker", cast.Wire, 66);
        await attacker.Nics[0].Plug();
        await cast.Converse();
        // A hundred packets of the connection for the attacker to have seen.
        await cast.Client.Send(Chunk);
        await cast.Server.Received(Chunk + 5000, Cast.Soon);
        var sequence = await cast.Client.NextSequence();
        var sa = (await cast.WDaemon.IkeSas())[0];
        var ikeSpis = sa.GetProperty("spi_i").GetString()! + sa.GetProperty("spi_r").GetString()!;
        var espSpi = sa.GetProperty("children")[0].GetProperty("inbound_spi").GetString()![2..];
        var before = await cast.WDaemon.AskJson("status");
        var memoryBefore = ResidentMegabytes(before);

        stage.Say($"The attacker, who knows every SPI and sequence number, sends {Packets} packets; C and W transfer both ways.");
        var began = Moment.Now;
        var attack = attacker.Try(AttackLimit, attacker.App(
            "forge.py", "barrage", cast.C.Address, cast.W.Address, $"{Packets}", ikeSpis, espSpi, $"{Cast.ClientPort}", $"{Cast.Port}", $"{sequence}", cast.Capture.File));
        var (toW, toC, pause) = (5000L + Chunk, 3000L, 0.0);
        while (!attack.IsCompleted)
        {
            await cast.Client.Send(Chunk);
            await cast.Server.Send(Chunk);
            (toW, toC) = (toW + Chunk, toC + Chunk);
            pause = Math.Max(pause, await UntilReceived(cast.Server, toW));
            pause = Math.Max(pause, await UntilReceived(cast.Client, toC));
        }

        var seconds = (Moment.Now - began) / 1000;
        var sent = await attack;
        stage.Check(
            $"{Packets} packets of every kind were sent", sent.Status == 0 && Sum(JsonNode.Parse(sent.Output)!.AsObject()) == Packets,
            sent.Status == 0 ? $"{sent.Output.Trim()} in {seconds:0.0} s" : sent.Complaint.Trim());
        stage.Check("the transfer never stood still", pause < LongestPause.TotalMilliseconds, $"the longest wait for {Chunk / 1000} kB was {pause:0} ms");
        await cast.ExpectWhole(toW, toC);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();

        var after = await cast.WDaemon.AskJson("status");
        stage.Check(
            "what was forged was counted", Total(after, "ike_drops") > Total(before, "ike_drops") && Total(after, "drops") > Total(before, "drops"),
            $"{after.GetProperty("drops")} {after.GetProperty("ike_drops")}".ReplaceLineEndings(" "));
        var memory = ResidentMegabytes(after);
        stage.Check("the daemon's memory is bounded", memory - memoryBefore < 64, $"{memoryBefore:0} MiB before, {memory:0} MiB after");
        var peers = (await cast.WDaemon.AskJson("peers")).GetProperty("peers").GetArrayLength();
        stage.Check("nobody but C ever proved a key", peers == 1, $"{peers} peers");
        await cast.JudgeTheWire(broken: null, withNewcomer: false, forger: attacker);
        await JudgeProbes(stage, cast, seconds);
    }

    /// <summary>Requests that W sent C under the IKE SA, as tshark decrypts them.</summary>
    private static async Task JudgeProbes(Stage stage, Cast cast, double seconds)
    {
        var requests = await new Tshark(cast.Capture.File, cast.WDaemon.Keys).Count(
            $"eth.src == {cast.W.Nics[0].Mac} && isakmp.exchangetype == 37 && isakmp.flag_r == 0 && isakmp.enc.decrypted");
        var allowed = (seconds + 3) * TrainsPerSecond * ProbesPerTrain;
        stage.Check("probes keep to their limit", requests <= allowed, $"{requests} protected requests in {seconds:0.0} s, at most {allowed:0} allowed");
    }

    /// <returns>How long it took, in milliseconds; the most there is to wait when it did not arrive.</returns>
    private static async Task<double> UntilReceived(Talker end, long octets)
    {
        var asked = Moment.Now;
        var count = await end.Received(octets, LongestPause * 2);
        return count.Received >= octets ? Moment.Now - asked : double.PositiveInfinity;
    }

    private static double ResidentMegabytes(JsonElement status) => ProcessUse.Of(status.GetProperty("pid").GetInt32()).ResidentMebibytes;

    private static long Total(JsonElement status, string counters) => Sum(JsonObject.Create(status.GetProperty(counters))!);

    private static long Sum(JsonObject counters) => counters.Sum(counter => counter.Value!.GetValue<long>());
}
