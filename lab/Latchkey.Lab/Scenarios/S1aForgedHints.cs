using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>Somebody off path says, in C's name and without proof, that W's SAs are unknown. C lives.</summary>
public sealed class S1aForgedHints : Scenario
{
    private const int Seconds = 5;

    /// <summary>The product asks at most one probe train per peer in half a second on hints.</summary>
    private const int TrainsPerSecond = 2;

    public override string Id => "S1a";

    public override string Title => "Forged INVALID_SPI, INVALID_IKE_SPI and ICMP unreachable while C lives: nothing happens";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var attacker = await stage.Laboratory.Host("attacker", cast.Wire, 66);
        await attacker.Nics[0].Plug();
        await cast.Converse();

        stage.Say($"An attacker sends forged complaints in C's name for {Seconds} s, while C and W talk.");
        var attack = attacker.Try(TimeSpan.FromSeconds(Seconds + 90), attacker.App("forge.py", "hints", cast.C.Address, cast.W.Address, $"{Seconds}"));
        var (toW, toC) = (5000L, 3000L);
        while (!attack.IsCompleted)
        {
            await cast.Client.Send(2000);
            await cast.Server.Send(2000);
            (toW, toC) = (toW + 2000, toC + 2000);
            await stage.Quietly(TimeSpan.FromMilliseconds(100));
        }

        var forged = await attack;
        stage.Check("the complaints were sent", forged.Status == 0 && forged.Output.Trim() is not ("" or "0"), $"{forged.Output.Trim()} packets {forged.Complaint.Trim()}");
        await cast.ExpectWhole(toW, toC);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        await cast.JudgeTheWire(broken: null, withNewcomer: false);

        // Requests W sent to C: INFORMATIONAL (37) from W that is no response.
        var probes = await new Tshark(cast.Capture.File).Count($"eth.src == {cast.W.Nics[0].Mac} && isakmp.exchangetype == 37 && isakmp.flag_r == 0");
        var allowed = (Seconds + 3) * TrainsPerSecond;
        stage.Check("a flood of complaints costs one probe an interval, no more", probes <= allowed, $"{probes} probes, at most {allowed} allowed");
    }
}
