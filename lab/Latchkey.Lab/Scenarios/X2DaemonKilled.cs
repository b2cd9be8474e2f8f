using Latchkey.Lab.Applications;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The daemon is killed under a running connection: protected traffic stops, it never continues in clear.</summary>
public sealed class X2DaemonKilled : Scenario
{
    public override string Id => "X2";

    public override string Title => "kill -9 of W's daemon: nothing leaves in clear, nothing clear is accepted, the next start repairs";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var stranger = await stage.Laboratory.Host("stranger", cast.Wire, 9);
        await stranger.Nics[0].Plug();
        await cast.Converse();
        var sequence = await cast.Client.NextSequence();
        var before = await cast.Server.Count();

        await cast.WDaemon.Kill();
        stage.Say("W's daemon is dead. W's application goes on sending; a host without IPsec connects; C's next octets come in clear.");
        await cast.Server.Send(3000);
        await Talker.Listen(cast.W, Cast.NewcomerPort, "second-server");
        var uninvited = await Talker.Ready(stranger, cast.W.Address, Cast.NewcomerPort);
        await uninvited.Go();
        await stranger.Run(stranger.App("forge.py", "segment", cast.C.Address, $"{Cast.ClientPort}", cast.W.Address, $"{Cast.Port}", $"{sequence}", "data"));
        await stage.Quietly(TimeSpan.FromSeconds(2));
        stage.Check("the host without IPsec gets no answer", uninvited.Events[^1].Kind == "connecting", uninvited.Events[^1].ToString());
        var received = cast.Server.Failure is null ? await cast.Server.Count() : null;
        stage.Check(
            "no clear octet reaches W's application", received is null || received.ReceivedDigest == before.ReceivedDigest,
            received is null ? cast.Server.Failure!.ToString() : $"{received.Received} octets, as before");

        await cast.WDaemon.Start();
        stage.Say("The daemon is started again.");
        await cast.Client.Send(2000);
        var (goesOnAtW, goesOnAtC) = (await cast.Server.Received(7000, Cast.Patience), await cast.Client.Received(6000, Cast.Patience));
        stage.Check(
            "the old connection goes on, byte for byte", goesOnAtW.Matches(goesOnAtC) && goesOnAtC.Received == 6000,
            $"{goesOnAtW.Received} octets to W, {goesOnAtC.Received} to C");
        var third = await Talker.Listen(cast.W, Cast.NewcomerPort + 1, "third-server");
        var client = await Talker.Ready(cast.C, cast.W.Address, Cast.NewcomerPort + 1);
        await client.Go();
        await client.Report("connected", TimeSpan.FromSeconds(15));
        await client.Send(5000);
        await third.Send(5000);
        var (atServer, atClient) = (await third.Received(5000, Cast.Soon), await client.Received(5000, Cast.Soon));
        stage.Check("new connections are protected and work", atServer.Matches(atClient), $"{atServer.Received} octets to W, {atClient.Received} to C");

        await cast.Capture.Stop();
        var tshark = new Tshark(cast.Capture.File);
        var leaked = await tshark.Count($"tcp && eth.src == {cast.W.Nics[0].Mac}");
        stage.Check("W sent no TCP segment in clear, at no time", leaked == 0, $"{leaked} segments");
    }
}
