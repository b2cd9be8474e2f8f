using System.Text.Json;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Three servers of a user without privileges, three clients on C, and D in C's place: each server gets what it chose, and
/// its alert before anything follows. One of them compares channel bindings with its client.
/// </summary>
public sealed class S12ApplicationChooses : Scenario
{
    private const int Waits = Cast.Port + 2;
    private const int Closes = Cast.Port + 3;
    private const int Listens = Cast.Port + 4;

    public override string Id => "S12";

    public override string Title => "Applications choose: one waits, one is reset, one only listens; each alert comes before its effect";

    protected internal override async Task Tell(Stage stage)
    {
        // The policy says the opposite of what the first two will choose.
        var w = new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("waits", LocalPort: $"{Waits}") { OnBreak = "close" },
                new ProtectRule("closes", LocalPort: $"{Closes}") { OnBreak = "wait" },
                new ProtectRule("listens", LocalPort: $"{Listens}"),
                new ProtectRule("for-d", LocalPort: $"{Cast.NewcomerPort}"),
            ],
            ExportKeys = true,
        };
        var others = CastPolicy.ClientOf(Waits, Closes, Listens, Cast.NewcomerPort);
        var cast = await Cast.Assemble(stage, new CastPolicy(w, others, others));
        var waits = await Owner.Listen(cast.W, Waits, listenerWish: """{"disposition":"wait"}""");
        var closes = await Owner.Listen(cast.W, Closes, connectionWish: """{"disposition":"close","narrow":true}""");
        var listens = await Owner.Listen(cast.W, Listens);
        Owner[] owners = [waits, closes, listens];
        int[] ports = [Waits, Closes, Listens];
        var clients = new List<Talker>();
        for (var i = 0; i < owners.Length; i++)
        {
            clients.Add(await Conversation(stage, cast, owners[i], ports[i]));
        }

        await Inquiries(stage, cast, waits, closes, listens);

        // Under the SA that is its own, so that the capture shows whose that is.
        await closes.Send(500);
        await clients[1].Received(2500, Cast.Soon);
        var forD = await Talker.Listen(cast.W, Cast.NewcomerPort, "server-for-d");
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Cast.NewcomerPort);
        await cast.CVanishes();
        await cast.DTakesTheAddress();
        stage.Say("W has something to say on all three connections.");
        foreach (var owner in owners)
        {
            await owner.Send(1000);
        }

        await ExpectReset(stage, closes, "the server that chose \"close\" against the policy's \"wait\"");
        await ExpectReset(stage, listens, "the server that only listens, by the policy's default,");
        var told = Moment.Now;
        var alert = await waits.Alert("latch_broken", Cast.Soon);
        stage.Check("the server that chose \"wait\" learns of the break too", alert?.Text("reason") == "PeerReplaced", alert?.ToString() ?? "no alert");
        await newcomer.Go();
        await newcomer.Report("connected");
        await stage.Quietly(TimeSpan.FromSeconds(1));
        stage.Check("and nothing else happens to it, against the policy's \"close\"", waits.Failure is null, waits.Failure?.ToString() ?? "it still waits");
        foreach (var (owner, port) in owners.Zip(ports))
        {
            var foreign = owner.Alerts.Where(a => a.Facts.GetProperty("flow").GetProperty("local_port").GetInt32() == Cast.NewcomerPort).ToList();
            stage.Check($"the server on port {port} was told nothing of D's connection, which is root's", foreign.Count == 0, $"{owner.Alerts.Count} alerts, {foreign.Count} of it");
        }

        var (status, _) = await waits.Choose("""{"disposition":"close"}""");
        stage.Check("whoever waited may still choose otherwise", status == 200, $"status {status}");
        await ExpectReset(stage, waits, "the server that changed its mind");
        await JudgeTheWire(stage, cast, clients, ports, told);
        await forD.Quit();
    }

    private static async Task<Talker> Conversation(Stage stage, Cast cast, Owner owner, int port)
    {
        var client = await Talker.Ready(cast.C, cast.W.Address, port, ClientPort(port), $"client-{port}");
        await client.Go();
        await client.Report("connected");
        await client.Send(2000);
        await owner.Report("latch");
        await owner.Send(2000);
        var (atServer, atClient) = (await owner.Received(2000, Cast.Soon), await client.Received(2000, Cast.Soon));
        stage.Check($"the connection to port {port} works, byte for byte", atServer.Matches(atClient), $"{atServer.Received} octets one way, {atClient.Received} the other");
        return client;
    }

    private static async Task Inquiries(Stage stage, Cast cast, Owner waits, Owner closes, Owner listens)
    {
        var latch = await waits.Latch();
        var key = latch.GetProperty("peer").GetProperty("key").GetString();
        var fingerprint = await cast.CDaemon.Fingerprint();
        stage.Check("the server knows its client's key", key == fingerprint && latch.GetProperty("latched").GetBoolean(), key ?? "no key");
        var disposition = latch.GetProperty("latch").GetProperty("disposition").GetString();
        stage.Check("what was chosen for the listener counts for the connection born from it", disposition == "wait", disposition ?? "none");
        var born = await waits.Alert("latch_established", Cast.Soon);
        stage.Check("the listener's owner was told of the latch born from it", born?.Text("listener") is { Length: > 0 }, born?.ToString() ?? "no alert");

        var narrow = await stage.Until(
            async () => (await cast.WDaemon.AskJson("sas")).ToString().Contains($"[tcp/{Closes}] === {cast.C.Address}[tcp/{ClientPort(Closes)}]", StringComparison.Ordinal), Cast.Soon);
        stage.Check("the server that asked for it has a Child SA for its connection alone", narrow, narrow ? "it is there" : "none");

        var flow = $"tcp {stage.Plan.WithPort(cast.C.Address, ClientPort(Listens))} {stage.Plan.WithPort(cast.W.Address, Listens)}";
        var (atClient, atServer) = (Bindings(await Root(cast, flow)), Bindings(await listens.Latch()));
        stage.Check("both ends have the same channel bindings", atServer == atClient, atServer.ToString());

        var (status, answer) = await listens.Spy($"tcp {stage.Plan.WithPort(cast.W.Address, 22)} {stage.Plan.WithPort(cast.C.Address, 1)}");
        stage.Check("a connection that is not its own is none of its business", status is 403 or 404, $"status {status}: {answer.GetProperty("error")}");
    }

    private static (string? EndPoint, string? Unique) Bindings(JsonElement connection) =>
        (connection.GetProperty("channel_bindings").GetProperty("end_point").GetString(), connection.GetProperty("channel_bindings").GetProperty("unique").GetString());

    /// <summary>What C's daemon says of the connection to root, by curl.</summary>
    private static async Task<JsonElement> Root(Cast cast, string flow)
    {
        var answer = await cast.C.Run(
            "curl", "-s", "--unix-socket", LatchkeyDaemon.ControlPath(cast.C.Folder), $"http://latchkey/connection?flow={Uri.EscapeDataString(flow)}");
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.Clone();
    }

    private static async Task ExpectReset(Stage stage, Owner owner, string who)
    {
        var error = await owner.ReportWithin("error", Cast.Soon);
        stage.Check($"{who} gets ECONNRESET", error?.Errno == "ECONNRESET", error?.ToString() ?? "nothing within the time");
        stage.Check("and its alert came before", error?.Text("alerted") == "True", error?.ToString() ?? "no error");
    }

    private static async Task JudgeTheWire(Stage stage, Cast cast, List<Talker> clients, int[] ports, Moment told)
    {
        await cast.Capture.Stop();
        foreach (var port in ports.Take(clients.Count))
        {
            var flow = $"{cast.Between(cast.W.Address, cast.C.Address)} && tcp.port == {port} && tcp.port == {ClientPort(port)}";
            await new NoByteRule(cast.Capture, flow, cast.W.Nics[0], cast.C.Nics[0], cast.D.Nics[0], cast.WDaemon.Keys).Judge(stage, told, until: null);
        }
    }

    private static int ClientPort(int port) => port - Cast.Port + Cast.ClientPort;
}
