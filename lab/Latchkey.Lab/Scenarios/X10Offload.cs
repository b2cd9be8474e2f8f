using System.Text.Json;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// What the wire carries of a bulk transfer whose super-segments are cut by us. The cards cut nothing, so that captures show
/// the datagrams themselves.
/// </summary>
/// <param name="refused">C's kernel has no segmentation offload, neither for TUN devices nor for UDP.</param>
public sealed class X10Offload(bool refused) : Scenario
{
    private const int Port = 7001;
    private const int Mtu = 1500;
    private const long Octets = 4L << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public override string Id => refused ? "X10n" : "X10";

    public override string Title =>
        refused ? "A peer whose kernel has no segmentation offload: one by one, told once, and octet for octet"
            : "A bulk transfer as the wire sees it: valid ESP, every sequence number once and in order, no packet too large";

    public override bool FillsTheMachine => true;

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var wire = await laboratory.Link(1);
        var w = await laboratory.Host("w", wire, 1);
        var c = await laboratory.Host("c", wire, 7);
        await w.Nics[0].Plug();
        await c.Nics[0].Plug();
        var (atW, atC) = (await w.Nics[0].Record("w.pcap"), await c.Nics[0].Record("c.pcap"));
        var wDaemon = await LatchkeyDaemon.Start(w, CastPolicy.Server() with { Esn = false });
        var cDaemon = await LatchkeyDaemon.Start(c, CastPolicy.Client, through: refused ? c.App("without_offload.py") : []);
        if (refused)
        {
            await ExpectDegraded(stage, cDaemon);
        }

        await Transfer(stage, w, c);
        await atW.Stop();
        await atC.Stop();

        await ExpectCut(stage, "W", w, await new SequenceJudge(atW.File, w.Nics[0], Mtu).Judge(stage, "W"), cuts: true);
        await ExpectCut(stage, "C", c, await new SequenceJudge(atC.File, c.Nics[0], Mtu).Judge(stage, "C"), cuts: !refused);
        await new IntegrityJudge(atW.File, wDaemon.Keys).Judge(stage);
        var clear = await new Tshark(atW.File).Count($"tcp.port == {Port}");
        stage.Check("no segment crossed the wire in clear", clear == 0, $"{clear} segments");
    }

    private static async Task Transfer(Stage stage, LabHost w, LabHost c)
    {
        var server = await Talker.Listen(w, Port, patience: Limit);
        var client = await Talker.Ready(c, w.Address, Port, patience: Limit);
        await client.Go();
        await client.Report("connected");
        await server.Send(Octets);
        await client.Send(Octets);
        var atServer = await server.Received(Octets, Limit);
        var atClient = await client.Received(Octets, Limit);
        // Counted again, because the first to be asked may still have been sending.
        atServer = await server.Received(Octets, Limit);
        stage.Check(
            $"{Octets >> 20} MiB each way arrive octet for octet", atServer.Received == Octets && atClient.Matches(atServer),
            $"{atServer.Received} and {atClient.Received} octets");
        await client.Quit();
        await server.Quit();
    }

    /// <summary>Whether the device gave super-segments that became several ESP packets each, by the kernel's own count.</summary>
    private static async Task ExpectCut(Stage stage, string who, LabHost host, int sent, bool cuts)
    {
        using var link = JsonDocument.Parse(await host.Namespace.Ip("-s", "-j", "link", "show", "latchkey0"));
        var packets = link.RootElement[0].GetProperty("stats64").GetProperty("tx").GetProperty("packets").GetInt64();
        stage.Check(
            cuts ? $"{who}'s stack sent super-segments" : $"{who}'s stack sent single packets", cuts == sent > 2 * packets,
            $"{packets} packets of the device became {sent} ESP packets");
    }

    private static async Task ExpectDegraded(Stage stage, LatchkeyDaemon daemon)
    {
        string[] expected = ["latchkey0 carries all packets one by one", "no segmentation offload for UDP"];
        var told = daemon.Events.Where(e => e.Kind == "degraded").Select(e => e.Text("text") ?? "").ToList();
        var shown = (await daemon.AskJson("status")).GetProperty("degraded").EnumerateArray().Select(e => e.GetString()!).ToList();
        stage.Check(
            "C's daemon says once what its kernel refuses, and goes on showing it",
            expected.All(part => told.Count(t => t.Contains(part, StringComparison.Ordinal)) == 1 && shown.Count(t => t.Contains(part, StringComparison.Ordinal)) == 1),
            string.Join("; ", told));
    }
}
