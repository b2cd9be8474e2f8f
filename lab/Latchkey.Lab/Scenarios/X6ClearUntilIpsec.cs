using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// clear = "until-ipsec": C is a plain host at first, then runs Latchkey, then is a plain host again. What began in clear
/// stays so; once C has spoken IPsec, W begins nothing in clear with it, also after W's daemon was killed.
/// </summary>
public sealed class X6ClearUntilIpsec : Scenario
{
    private const int FirstOfC = 20011;

    public override string Id => "X6";

    public override string Title => "clear = \"until-ipsec\": a plain host is reached in clear, until it has spoken IPsec once";

    private static DaemonConfiguration Opportunistic => new() { Protect = [new ProtectRule("story") { Port = "7000-7009", Clear = "until-ipsec" }] };

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage);
        await cast.StartOnW(Opportunistic);
        stage.Say("Latchkey runs on W only, and its policy says clear = \"until-ipsec\".");
        var outward = await Connection.Open(cast.W, cast.C, 7000, Cast.ClientPort);
        await outward.Talk(stage, "W reaches the plain host C, byte for byte");
        var inward = await Connection.Open(cast.C, cast.W, 7001, FirstOfC);
        await inward.Talk(stage, "the plain host C reaches W, byte for byte");
        var told = await cast.WDaemon.Event(e => e.Kind == "flow_clear", Cast.Soon);
        stage.Check("W's daemon says which flow goes in clear, and why", told?.Text("text")?.Contains("never spoke IPsec", StringComparison.Ordinal) == true, told?.Text("text") ?? "nothing");

        await cast.StartOnC(Opportunistic);
        stage.Say("C starts Latchkey.");
        var young = await Connection.Open(cast.C, cast.W, 7002, FirstOfC + 1);
        await young.Talk(stage, "a new connection from C works");
        var back = await Connection.Open(cast.W, cast.C, 7003, FirstOfC + 2);
        await back.Talk(stage, "a new connection to C works");
        var found = await cast.WDaemon.Event(e => e.Kind == "ipsec_host_found", Cast.Soon);
        stage.Check("W's daemon says that C speaks IPsec now", found is not null, found?.Text("text") ?? "nothing");
        await outward.Talk(stage, "the connection that began in clear lives on");
        await young.Close();
        await back.Close();

        await cast.CDaemon.Stop();
        await cast.CDaemon.Unprotect();
        stage.Say("C is a plain host again: its daemon stopped, its protection was taken away.");
        await ExpectRefusal(stage, cast, 7004, FirstOfC + 3, "W does not reach C in clear any more");
        await cast.WDaemon.Kill();
        await cast.WDaemon.Start();
        stage.Say("W's daemon was killed and started again.");
        await ExpectRefusal(stage, cast, 7005, FirstOfC + 4, "it still does not, after the restart");
        await inward.Talk(stage, "what began in clear lives on, on either side");
        await outward.Talk(stage, "and so does the other");

        await cast.Capture.Stop();
        await JudgeTheWire(stage, cast);
    }

    private static async Task ExpectRefusal(Stage stage, Cast cast, int port, int ownPort, string claim)
    {
        await Talker.Listen(cast.C, port, $"server-{port}");
        var client = await Talker.Ready(cast.W, cast.C.Address, port, ownPort, $"client-{port}");
        await client.Go();
        var refused = await cast.WDaemon.Event(e => e.Kind == "clear_refused" && e.Facts.GetProperty("flow").GetProperty("remote_port").GetInt32() == port, TimeSpan.FromSeconds(30));
        stage.Check(claim, refused?.Text("reason") == "IpsecHost" && client.Events[^1].Kind == "connecting", refused?.Text("text") ?? "no event");
    }

    private static async Task JudgeTheWire(Stage stage, Cast cast)
    {
        var tshark = new Tshark(cast.Capture.File);
        foreach (var port in (int[])[Cast.ClientPort, FirstOfC])
        {
            var clear = await tshark.Count($"tcp.port == {port} && tcp.len > 0");
            stage.Check($"the connection of port {port} is readable on the wire", clear > 0, $"{clear} segments with data in clear");
        }

        var leaked = await tshark.Count($"tcp.port >= {FirstOfC + 1} && tcp.port <= {FirstOfC + 4} && eth.src == {cast.W.Nics[0].Mac}");
        stage.Check("W sent no segment of the others in clear, not even a SYN", leaked == 0, $"{leaked} segments");
        var sealedPackets = await tshark.Count($"esp && eth.src == {cast.W.Nics[0].Mac}");
        stage.Check("the two that began while C ran Latchkey were protected", sealedPackets > 0, $"{sealedPackets} ESP packets from W");
    }

    /// <summary>A connection and what went over it so far.</summary>
    private sealed class Connection(Talker server, Talker client)
    {
        private long _each;

        public static async Task<Connection> Open(Network.LabHost from, Network.LabHost to, int port, int ownPort)
        {
            var server = await Talker.Listen(to, port, $"server-{port}");
            var client = await Talker.Ready(from, to.Address, port, ownPort, $"client-{port}");
            await client.Go();
            await client.Report("connected", TimeSpan.FromSeconds(30));
            await server.Report("accepted");
            return new Connection(server, client);
        }

        /// <summary>Both ends send, and must receive what the other sent.</summary>
        public async Task Talk(Stage stage, string claim)
        {
            _each += 3000;
            await client.Send(3000);
            await server.Send(3000);
            var (atServer, atClient) = (await server.Received(_each, TimeSpan.FromSeconds(20)), await client.Received(_each, TimeSpan.FromSeconds(20)));
            stage.Check(claim, atServer.Matches(atClient) && atServer.Received == _each, $"{atServer.Received} and {atClient.Received} octets of {_each}");
        }

        public async Task Close()
        {
            await client.Quit();
            await server.Quit();
        }
    }
}
