using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The cast as routers on an exchange: W has a session with R1 on BGP's port, which C plays; R2, played by D, will have R1's
/// address. Plain TCP stands for BGP: what is at stake is its session, not its messages.
/// </summary>
public sealed class Routers
{
    private const int Bgp = 179;
    private const int SpeakerPort = 20179;

    private readonly Stage _stage;
    private readonly Conversation _session;

    private Routers(Stage stage, Cast cast, Conversation session) => (_stage, Cast, _session) = (stage, cast, session);

    public Cast Cast { get; }

    /// <summary>W's end of the session; it began it.</summary>
    public Talker Speaker => _session.Client;

    /// <summary>R1's end.</summary>
    public Talker Neighbour => _session.Server;

    /// <summary>What all three run: BGP is protected, and any key may speak for any address.</summary>
    public static DaemonConfiguration Wildcard => new() { Protect = [new ProtectRule("bgp") { Port = $"{Bgp}" }], ExportKeys = true };

    /// <summary>The routers with their session up.</summary>
    public static async Task<Routers> Peer(Stage stage)
    {
        var cast = await Cast.Assemble(stage, new CastPolicy(Wildcard, Wildcard, Wildcard));
        var session = await Conversation.Begin(stage, cast.C, cast.W, Bgp, SpeakerPort, "BGP");
        return new Routers(stage, cast, session);
    }

    public async Task R1IsGone()
    {
        await Cast.C.Nics[0].Unplug();
        _stage.Say("R1 is gone: its cable is pulled.");
    }

    /// <returns>The moment from which R2 could be reached, as far as W believes its announcement.</returns>
    public async Task<Moment> R2TakesTheAddress()
    {
        var there = await Cast.D.Nics[0].Plug();
        _stage.Say($"R2 is there, with R1's address {Cast.D.Address} and a key of its own.");
        return there;
    }

    /// <summary>R2 opens its own session with W.</summary>
    /// <returns>W's end and R2's.</returns>
    public async Task<(Talker AtW, Talker AtR2)> R2Connects()
    {
        var atW = await Talker.Listen(Cast.W, Bgp, "server-for-r2");
        var atR2 = await Talker.Ready(Cast.D, Cast.W.Address, Bgp, name: "r2");
        await atR2.Go();
        return (atW, atR2);
    }

    /// <summary>Data both ways arrives whole.</summary>
    public async Task ExpectSessionAlive(string when)
    {
        var (before, after) = (await Speaker.Count(), await Neighbour.Count());
        await Speaker.Send(5000);
        await Neighbour.Send(5000);
        var atSpeaker = await Speaker.Received(before.Received + 5000, Cast.Soon);
        var atNeighbour = await Neighbour.Received(after.Received + 5000, Cast.Soon);
        atSpeaker = await Speaker.Count();
        _stage.Check($"the session carries on {when}, byte for byte", atSpeaker.Matches(atNeighbour), $"{atSpeaker.Received} octets to W, {atNeighbour.Received} to R1");
    }

    /// <summary>What W's kernel thinks of the address's card.</summary>
    public async Task<string> NeighbourEntry() =>
        (await Cast.W.Namespace.Ip(_stage.Plan.Family, "neigh", "show", "to", Cast.C.Address)).Trim();

    /// <summary>R2 replaced R1 for W: the session is reset, and R2 gets one of its own and no octet of the old one.</summary>
    public async Task ExpectReplaced(Moment there, Talker atW, Talker atR2)
    {
        var told = await Cast.Expect("ECONNRESET", Speaker, there);
        var broken = await Cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        _stage.Check("the reason is PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        await atR2.Report("connected");
        await atR2.Send(2000);
        await atW.Send(2000);
        var (atNew, atOld) = (await atR2.Received(2000, Cast.Soon), await atW.Received(2000, Cast.Soon));
        _stage.Check("R2 gets a session of its own", atNew.Matches(atOld), $"{atOld.Received} octets to W, {atNew.Received} to R2");
        await Judge(told);
    }

    /// <summary>Ends the recording and judges the session with R1.</summary>
    public async Task Judge(Moment? broken)
    {
        await Cast.Capture.Stop();
        await _session.JudgeTheWire(_stage, Cast, broken);
    }
}
