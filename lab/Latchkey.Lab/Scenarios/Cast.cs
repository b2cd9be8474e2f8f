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
    /// <summary>W's server for C.</summary>
    public const int Port = 7000;

    /// <summary>W's server for D.</summary>
    public const int NewcomerPort = 7001;

    /// <summary>C's port of the connection: outside the ephemeral range, so that D never has it by chance.</summary>
    public const int ClientPort = 20007;

    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>For TCP to try again after an outage: its pauses are as long as the outage was.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Stage _stage;
    private LatchkeyDaemon? _wDaemon;
    private LatchkeyDaemon? _cDaemon;
    private LatchkeyDaemon? _dDaemon;
    private Talker? _server;
    private Talker? _client;

    private Cast(Stage stage, Wire wire, Capture capture, LabHost w, LabHost c, LabHost d) =>
        (_stage, Wire, Capture, W, C, D) = (stage, wire, capture, w, c, d);

    public Wire Wire { get; }

    public Capture Capture { get; }

    public LabHost W { get; }

    public LabHost C { get; }

    public LabHost D { get; }

    public LatchkeyDaemon WDaemon => _wDaemon ?? throw new LabException("W runs no Latchkey");

    public LatchkeyDaemon CDaemon => _cDaemon ?? throw new LabException("C runs no Latchkey");

    public LatchkeyDaemon DDaemon => _dDaemon ?? throw new LabException("D runs no Latchkey");

    /// <summary>W's application.</summary>
    public Talker Server => _server ?? throw new LabException("nobody listens on W yet");

    /// <summary>C's application.</summary>
    public Talker Client => _client ?? throw new LabException("nobody talks on C yet");

    /// <summary>tshark's filter for the connection. Without keys it finds what is visible to everybody.</summary>
    public string Flow => $"{Between(W.Address, C.Address)} && tcp.port == {Port} && tcp.port == {ClientPort}";

    /// <summary>The hosts, plugged in where they are at first, and a recording of their link.</summary>
    public static async Task<Cast> Assemble(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var wire = await laboratory.Link();
        var w = await laboratory.Host("w", wire, 1);
        var c = await laboratory.Host("c", wire, 7);
        var d = await laboratory.Host("d", wire, 7);
        var capture = await wire.Record("wire.pcap");
        await w.Nics[0].Plug();
        await c.Nics[0].Plug();
        stage.Say($"W has {w.Address}; C has {c.Address}. D, not plugged in yet, will have C's address.");
        return new Cast(stage, wire, capture, w, c, d);
    }

    /// <summary>The hosts with Latchkey running.</summary>
    public static async Task<Cast> Assemble(Stage stage, CastPolicy policy)
    {
        var cast = await Assemble(stage);
        await Task.WhenAll(
            cast.StartOnC(policy.C), cast.StartOnW(policy.W), policy.D is { } forD ? cast.StartOnD(forD) : Task.CompletedTask);
        stage.Say(policy.D is null ? "Latchkey runs on W and C." : "Latchkey runs on W, C and D, each with a key of its own.");
        return cast;
    }

    public async Task StartOnW(DaemonConfiguration configuration) => _wDaemon = await LatchkeyDaemon.Start(W, configuration);

    public async Task StartOnC(DaemonConfiguration configuration) => _cDaemon = await LatchkeyDaemon.Start(C, configuration);

    public async Task StartOnD(DaemonConfiguration configuration) => _dDaemon = await LatchkeyDaemon.Start(D, configuration);

    /// <summary>C connects to W and both say something; W's application then waits in recv().</summary>
    public async Task Converse()
    {
        _server = await Talker.Listen(W, Port);
        _client = await Talker.Ready(C, W.Address, Port, ClientPort);
        var asked = await Client.Go();
        var connected = await Client.Report("connected");
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

    public async Task CComesBack()
    {
        await C.Nics[0].Plug();
        _stage.Say("C is back at its address.");
    }

    /// <returns>The moment from which D could be reached.</returns>
    public async Task<Moment> DTakesTheAddress()
    {
        var there = await D.Nics[0].Plug();
        _stage.Say($"D is there, with C's address {D.Address} and another network card.");
        return there;
    }

    /// <summary>C's machine crashes. D is that machine after the reboot: C's disk, and so its key, in another boot; not plugged in yet.</summary>
    public async Task CReboots(DaemonConfiguration configuration)
    {
        await C.Nics[0].Unplug();
        await CDaemon.Kill();
        D.BootFromDiskOf(C);
        await StartOnD(configuration);
        _stage.Say("C's machine crashes and boots again: from its disk it has its key, from its memory nothing.");
    }

    /// <returns>The moment from which C could be reached.</returns>
    public async Task<Moment> CIsBackAfterItsReboot()
    {
        var there = await D.Nics[0].Plug();
        _stage.Say($"C is back at {D.Address}.");
        return there;
    }

    public async Task DLeaves()
    {
        await D.Nics[0].Unplug();
        _stage.Say("D leaves.");
    }

    /// <summary>The application must be told this error by the call it waits in.</summary>
    /// <param name="since">What the time to notice counts from.</param>
    /// <returns>When it was told; null if it was not.</returns>
    public async Task<Moment?> Expect(string errno, Talker application, Moment since, TimeSpan? limit = null)
    {
        var error = await application.ReportWithin("error", limit ?? Soon);
        if (error is not null)
        {
            _stage.TimeToNotice = error.At - since;
        }

        _stage.Check(
            $"W's application gets {errno}", error?.Errno == errno,
            error is null ? "nothing within the time" : $"{error.Errno} from {error.Text("call")}() after {_stage.TimeToNotice:0.0} ms");
        return error?.At;
    }

    /// <summary>Both ends received octet for octet what the other sent, and the connection still stands.</summary>
    public async Task ExpectWhole(long toW, long toC, TimeSpan? limit = null)
    {
        var atW = await Server.Received(toW, limit ?? Soon);
        var atC = await Client.Received(toC, limit ?? Soon);
        // The first end to be asked may have sent or received since.
        atW = await Server.Count();
        _stage.Check(
            "the connection carries on, byte for byte", atW.Matches(atC) && atW.Received >= toW && atC.Received >= toC,
            $"{atW.Received} of {toW} octets to W, {atC.Received} of {toC} to C");
    }

    /// <summary>The state of the connection's latch on W, as the daemon says.</summary>
    public async Task<string> LatchState()
    {
        foreach (var latch in await WDaemon.Latches())
        {
            var flow = latch.GetProperty("flow");
            if (flow.GetProperty("local_port").GetInt32() == Port && flow.GetProperty("remote_port").GetInt32() == ClientPort)
            {
                return latch.GetProperty("state").GetString()!;
            }
        }

        return "none";
    }

    public async Task ExpectLatch(string state)
    {
        var seen = "";
        await _stage.Until(async () => (seen = await LatchState()) == state, TimeSpan.FromSeconds(2));
        _stage.Check($"the latch on W is {state}", seen == state, seen);
    }

    /// <summary>W's daemon never said that a latch broke.</summary>
    public void ExpectNoBreak()
    {
        var broken = WDaemon.Events.FirstOrDefault(e => e.Kind == "latch_broken");
        _stage.Check("no latch broke", broken is null, broken?.Text("text") ?? "no alert");
    }

    /// <summary>W's application received what C sent, and nothing else.</summary>
    public async Task ExpectNothingForeign(TalkerCount fromC)
    {
        var received = Server.Failure is null ? await Server.Count() : null;
        _stage.Check(
            "W's application got nothing but what C sent", received is null || received.ReceivedDigest == fromC.SentDigest,
            received is null ? "its connection had ended" : $"{received.Received} octets");
    }

    /// <summary>Ends the recording and judges the connection by it.</summary>
    /// <param name="broken">When the break was seen; null: it never broke.</param>
    /// <param name="until">When the latch was restored, if it was.</param>
    /// <param name="forger">Somebody who sent clear segments of the connection himself.</param>
    public async Task JudgeTheWire(Moment? broken, bool withNewcomer = true, Moment? until = null, LabHost? forger = null)
    {
        await Capture.Stop();
        await new NoByteRule(Capture, Flow, W.Nics[0], C.Nics[0], withNewcomer ? D.Nics[0] : null, WDaemon.Keys) { Forger = forger?.Nics[0] }
            .Judge(_stage, broken, until);
    }

    public string Between(string one, string other) => $"{_stage.Plan.FilterPrefix}.addr == {one} && {_stage.Plan.FilterPrefix}.addr == {other}";
}
