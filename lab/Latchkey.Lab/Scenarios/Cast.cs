using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The cast of the story on one link: W, a server; C, a client that will vanish; D, a newcomer that will have C's
/// address. With the steps that most stories share.
/// </summary>
public sealed class Cast
{
    public const int Port = 7000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly Stage _stage;

    private Cast(Stage stage, Wire wire, Capture capture, LabHost w, LabHost c, LabHost d) =>
        (_stage, Wire, Capture, W, C, D) = (stage, wire, capture, w, c, d);

    public Wire Wire { get; }

    public Capture Capture { get; }

    public LabHost W { get; }

    public LabHost C { get; }

    public LabHost D { get; }

    public LatchkeyDaemon WDaemon { get; private set; } = null!;

    public LatchkeyDaemon CDaemon { get; private set; } = null!;

    public LatchkeyDaemon DDaemon { get; private set; } = null!;

    /// <summary>W's application.</summary>
    public Talker Server { get; private set; } = null!;

    /// <summary>C's application.</summary>
    public Talker Client { get; private set; } = null!;

    /// <summary>C's port of the connection.</summary>
    public int ClientPort { get; private set; }

    /// <summary>tshark's filter for the connection's TCP, visible to everybody.</summary>
    public string FlowInClear => $"{Between(W.Address, C.Address)} && tcp.port == {Port} && tcp.port == {ClientPort}";

    /// <param name="protectedBy">Who runs Latchkey, and how; null: nobody.</param>
    public static async Task<Cast> Assemble(Stage stage, CastPolicy? protectedBy)
    {
        var laboratory = stage.Laboratory;
        var wire = await laboratory.Link();
        var w = await laboratory.Host("w", wire, 1);
        var c = await laboratory.Host("c", wire, 7);
        var d = await laboratory.Host("d", wire, 7);
        var capture = await wire.Record(Path.Combine(laboratory.Folder, "wire.pcap"), laboratory.Processes);
        await w.Nics[0].Plug();
        await c.Nics[0].Plug();
        stage.Say($"W has {w.Address}; C has {c.Address}. D, not plugged in yet, will have C's address.");
        var cast = new Cast(stage, wire, capture, w, c, d);
        if (protectedBy is not null)
        {
            await cast.StartDaemons(protectedBy);
        }

        return cast;
    }

    /// <summary>C connects to W and both say something; W's application then waits in recv().</summary>
    public async Task Converse()
    {
        Server = await Talker.Listen(W, Port);
        Client = await Talker.Ready(C, W.Address, Port);
        var asked = await Client.Go();
        var connected = await Client.Report("connected");
        ClientPort = (int)connected.Number("port");
        await Server.Report("accepted");
        await Client.Send(5000);
        await Server.Send(3000);
        var (atServer, atClient) = (await Server.Received(5000, Soon), await Client.Received(3000, Soon));
        _stage.Check(
            "C and W talk, byte for byte", atServer.Matches(atClient),
            $"connected after {connected.At - asked:0.0} ms, {atServer.Received} octets to W, {atClient.Received} to C");
    }

    public async Task CVanishes()
    {
        await C.Nics[0].Unplug();
        _stage.Say("C vanishes: its cable is pulled, no FIN, no farewell.");
    }

    /// <returns>The moment from which D could be reached.</returns>
    public async Task<Moment> DTakesTheAddress()
    {
        var there = await D.Nics[0].Plug();
        _stage.Say($"D is there, with C's address {D.Address} and another network card.");
        return there;
    }

    /// <summary>W's application must be told ECONNRESET by the recv() it waits in.</summary>
    /// <param name="since">What the time to notice counts from.</param>
    public async Task ExpectReset(Moment since, TimeSpan? limit = null)
    {
        var error = await Server.ReportWithin("error", limit ?? Soon);
        if (error is not null)
        {
            _stage.TimeToNotice = error.At - since;
        }

        _stage.Check(
            "W's application gets ECONNRESET", error is { Errno: "ECONNRESET" },
            error is null ? "nothing within the time" : $"{error.Errno} from {error.Text("call")}() after {_stage.TimeToNotice:0.0} ms");
    }

    public Task StopRecording() => Capture.Stop();

    public string Between(string one, string other) => $"{_stage.Plan.FilterPrefix}.addr == {one} && {_stage.Plan.FilterPrefix}.addr == {other}";

    private async Task StartDaemons(CastPolicy policy)
    {
        var (w, c, d) = (LatchkeyDaemon.Start(W, policy.W), LatchkeyDaemon.Start(C, policy.C), StartUnlessNull(D, policy.D));
        (WDaemon, CDaemon, DDaemon) = (await w, await c, (await d)!);
        _stage.Say(policy.D is null ? "Latchkey runs on W and C." : "Latchkey runs on W, C and D, each with a key of its own.");
    }

    private static async Task<LatchkeyDaemon?> StartUnlessNull(LabHost host, DaemonConfiguration? configuration) =>
        configuration is null ? null : await LatchkeyDaemon.Start(host, configuration);
}

/// <summary>The configurations of the cast.</summary>
/// <param name="D">Null: D does no IPsec at all.</param>
public sealed record CastPolicy(DaemonConfiguration W, DaemonConfiguration C, DaemonConfiguration? D)
{
    /// <summary>Port 7000 is protected, anyone may speak for any address, and everything else is the product's default.</summary>
    public static CastPolicy Default { get; } = new(Server(), ClientSide, ClientSide);

    private static DaemonConfiguration ClientSide => new() { Protect = [new ProtectRule("story", RemotePort: $"{Cast.Port}")] };

    /// <summary>W's configuration. Its keys are exported in every scenario, so that tshark can look inside ESP for the flow's octets.</summary>
    public static DaemonConfiguration Server(string? onBreak = null) =>
        new() { Protect = [new ProtectRule("story", LocalPort: $"{Cast.Port}") { OnBreak = onBreak }], ExportKeys = true };
}
