using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C's machine reboots and says nothing. W's next question meets a host that does not know the SA, and proves it with the
/// token it had given W before (RFC 6290). Made-up tokens had changed nothing.
/// </summary>
public sealed class S1cRebootedAndSilent : Scenario
{
    private const int Seconds = 2;

    public override string Id => "S1c";

    public override string Title => "C rebooted and is silent: W's next question is answered with C's crash token, made-up tokens change nothing";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var attacker = await stage.Laboratory.Host("attacker", cast.Wire, 66);
        await attacker.Nics[0].Plug();
        await cast.Converse();

        var sa = (await cast.WDaemon.IkeSas())[0];
        var spis = sa.GetProperty("spi_i").GetString()! + sa.GetProperty("spi_r").GetString()!;
        stage.Say($"For {Seconds} s an attacker who knows the SPIs sends made-up tokens in C's name.");
        var forged = await attacker.Try(TimeSpan.FromSeconds(Seconds + 60), attacker.App("forge.py", "tokens", cast.C.Address, cast.W.Address, $"{Seconds}", spis));
        stage.Check("the tokens were sent", forged.Status == 0 && forged.Output.Trim() is not ("" or "0"), $"{forged.Output.Trim()} packets {forged.Complaint.Trim()}");
        var refused = await cast.WDaemon.Event(e => e.Kind == "crash_token_refused", Cast.Soon);
        stage.Check("W tells of them", refused is not null, refused?.Text("text") ?? "no event");
        await cast.Client.Send(2000);
        await cast.Server.Send(2000);
        await cast.ExpectWhole(7000, 5000);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();

        await cast.CReboots(CastPolicy.Client);
        await cast.CIsBackAfterItsReboot();
        stage.Say("W sends its next 1000 octets, under the SA of before.");
        var asked = Moment.Now;
        await cast.Server.Send(1000);
        var told = await cast.Expect("ECONNRESET", cast.Server, asked);

        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerRestarted", broken?.Text("reason") == "PeerRestarted", broken?.ToString() ?? "no alert");
        var crash = cast.WDaemon.Events.FirstOrDefault(e => e.Kind == "crash_detected");
        stage.Check("the token was the first proof", crash is not null && crash.Sequence < broken?.Sequence, crash?.Text("text") ?? "no such event");
        var begun = (await cast.DDaemon.IkeSas()).Count(s => s.GetProperty("initiated").GetBoolean());
        stage.Check("C began nothing", begun == 0, $"{begun} IKE SAs begun by C");
        await cast.JudgeTheWire(told);

        // 16419 is QUICK_CRASH_DETECTION; a stranger to the keys sees it only in clear.
        var tshark = new Tshark(cast.Capture.File);
        var tokens = await tshark.Fields($"isakmp.notify.msgtype == 16419 && eth.src == {cast.D.Nics[0].Mac}", "frame.time_epoch", "isakmp.notify.msgtype", "isakmp.flags");
        stage.Check(
            "tshark sees C's answer in clear: INVALID_IKE_SPI and QUICK_CRASH_DETECTION", tokens.Count > 0 && tokens[0][1] == "4,16419", tokens.Count == 0 ? "none" : string.Join(" ", tokens[0]));
        // What W had said before it read the token may follow the token on the wire.
        var toOldSa = await tshark.Count(
            FormattableString.Invariant($"isakmp.ispi == {spis[..16]} && eth.src == {cast.W.Nics[0].Mac} && frame.time_epoch > {crash?.EpochSeconds ?? 0:0.000000}"));
        stage.Check("from then on W says nothing under the lost SA, not even a Delete", toOldSa == 0, $"{toOldSa} messages");
    }
}
