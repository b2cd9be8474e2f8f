using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>A connected UDP socket has no reset; it is told that the port is unreachable (RFC 5660 §5.2).</summary>
public sealed class S3uConnectedUdp : Scenario
{
    public override string Id => "S3u";

    public override string Title => "C is replaced behind a connected UDP socket of W: recv() gives ECONNREFUSED";

    protected internal override async Task Tell(Stage stage)
    {
        var either = new DaemonConfiguration { Protect = [new ProtectRule("udp") { Protocol = "udp", Port = $"{Cast.Port}" }] };
        var cast = await Cast.Assemble(stage, new CastPolicy(either, either, either));
        await EchoServer.Start(cast.C, Cast.Port);
        var asker = await Asker.Connect(cast.W, cast.C.Address, Cast.Port);
        await asker.Ask();
        var answered = await asker.Report("answered", Cast.Soon);
        stage.Check("C answers the first datagram, which waited for its SA", answered is not null, answered?.ToString() ?? "no answer");

        await cast.CVanishes();
        var there = await cast.DTakesTheAddress();
        stage.Say("W asks again, under C's SA.");
        await asker.Ask();
        var refused = await asker.Report("error", Cast.Soon);
        if (refused is not null)
        {
            stage.TimeToNotice = refused.At - there;
        }

        stage.Check("W's application gets ECONNREFUSED", refused?.Errno == "ECONNREFUSED", refused?.ToString() ?? "nothing within the time");
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.ToString() ?? "no alert");

        await cast.Capture.Stop();
        var clear = await new Tshark(cast.Capture.File).Count($"udp.port == {Cast.Port}");
        stage.Check("no datagram crossed the wire in clear, nor an ICMP error that quotes one", clear == 0, $"{clear} frames");
        var protectedFrames = await new Tshark(cast.Capture.File).Count("esp");
        stage.Check("the datagrams were protected", protectedFrames >= 3, $"{protectedFrames} ESP packets");
    }
}
