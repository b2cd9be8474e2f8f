using System.Text.Json;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>Breaking a connection must be as hard as being at the peer's address: who cannot receive there cannot break it.</summary>
public sealed class S6OffPath : Scenario
{
    private const int Seconds = 4;

    public override string Id => "S6";

    public override string Title => "An attacker off path, who even knows the SPIs and sequence numbers, cannot break the connection";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var attacker = await stage.Laboratory.Host("attacker", cast.Wire, 66);
        await attacker.Nics[0].Plug();
        await cast.Converse();
        var sequence = await cast.Client.NextSequence();
        var sa = (await cast.WDaemon.IkeSas())[0];
        var ikeSpis = sa.GetProperty("spi_i").GetString()! + sa.GetProperty("spi_r").GetString()!;
        var espSpi = sa.GetProperty("children")[0].GetProperty("inbound_spi").GetString()![2..];

        stage.Say($"For {Seconds} s the attacker begins IKE exchanges in C's name, forges Deletes, ESP, complaints, and a clear RST.");
        await attacker.Run(attacker.App("forge.py", "segment", cast.C.Address, $"{Cast.ClientPort}", cast.W.Address, $"{Cast.Port}", $"{sequence}", "rst"));
        var forged = await attacker.Try(
            TimeSpan.FromSeconds(Seconds + 90), attacker.App("forge.py", "spoof", cast.C.Address, cast.W.Address, $"{Seconds}", ikeSpis, espSpi));
        stage.Check("the attack took place", forged.Status == 0 && forged.Output.Trim() is not ("" or "0"), $"{forged.Output.Trim()} packets {forged.Complaint.Trim()}");

        await cast.Client.Send(20000);
        await cast.Server.Send(20000);
        await cast.ExpectWhole(25000, 23000);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        var keys = Keys(await cast.WDaemon.AskJson("peers"));
        var keyOfC = await cast.CDaemon.Fingerprint();
        stage.Check("no exchange was ever completed but C's", keys.Count == 1 && keys[0] == keyOfC, $"{keys.Count} authenticated peers");
        await cast.JudgeTheWire(broken: null, withNewcomer: false, forger: attacker);
    }

    private static List<string?> Keys(JsonElement peers) => [.. peers.GetProperty("peers").EnumerateArray().Select(peer => peer.GetProperty("key").GetString())];
}
