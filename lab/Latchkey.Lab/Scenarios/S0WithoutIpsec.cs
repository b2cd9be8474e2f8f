using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The world as it is: D's own TCP answers W's segment with a reset. Every other scenario is measured against this one.</summary>
public sealed class S0WithoutIpsec : Scenario
{
    public override string Id => "S0";

    public override string Title => "Without IPsec: the newcomer answers RST, and has seen the old connection's bytes";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        await cast.Converse();
        await cast.CVanishes();
        // Before D is there: a late acknowledgment, which has no octets, must not be what D answers.
        stage.Say("W sends its next 1000 octets to the address, again and again.");
        await cast.Server.Send(1000);
        var there = await cast.DTakesTheAddress();
        await cast.Expect("ECONNRESET", cast.Server, there);
        await cast.Capture.Stop();

        var tshark = new Tshark(cast.Capture.File);
        var leaked = await tshark.Count($"{cast.Flow} && tcp.len > 0 && eth.dst == {cast.D.Nics[0].Mac}");
        stage.Check("this is the leak: octets of C's connection were sent to D in clear", leaked > 0, $"{leaked} segments with data");
        var resets = await tshark.Count($"{cast.Flow} && tcp.flags.reset == 1 && eth.src == {cast.D.Nics[0].Mac}");
        stage.Check("the reset crossed the wire, sent by D", resets > 0, $"{resets} resets");
    }
}
