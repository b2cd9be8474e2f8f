using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Two hosts behind one NAT talk to W at the same time: one address, two keys, two channels. Neither disturbs the other, and
/// when one of them falls silent nothing happens until somebody proves to be in its place.
/// </summary>
public sealed class X7SharedAddress : Scenario
{
    private const int PortOfC1 = 20007;
    private const int PortOfC2 = 20008;

    public override string Id => "X7";

    public override string Title => "Two hosts behind one NAT, both latched, both alive: each keeps its own key and its own flow";

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var (outside, inside) = (await laboratory.Link(1), await laboratory.Link(2));
        var w = await laboratory.Host("w", outside, 1);
        var nat = await laboratory.Host("nat", outside, 254);
        await laboratory.Connect(nat, inside, 254);
        var c1 = await laboratory.Host("c1", inside, 7);
        var c2 = await laboratory.Host("c2", inside, 8);
        await Masquerade.Begin(stage, nat, c1, c2);
        var capture = await outside.Record("outside.pcap");
        foreach (var nic in new[] { w, nat, c1, c2 }.SelectMany(host => host.Nics))
        {
            await nic.Plug();
        }

        stage.Say($"C1 and C2 have private addresses; W sees both as {nat.Address}. Latchkey runs on all three.");
        var daemon = await LatchkeyDaemon.Start(w, CastPolicy.Server() with { Esn = false });
        await LatchkeyDaemon.Start(c1, CastPolicy.Client);
        var daemonOfC2 = await LatchkeyDaemon.Start(c2, CastPolicy.Client);

        var first = await Conversation.Begin(stage, w, c1, Cast.Port, PortOfC1, "first");
        var second = await Conversation.Begin(stage, w, c2, Cast.Port, PortOfC2, "second");
        await ExpectTwoPeers(stage, daemon, c1, c2);
        await ExpectBothAlive(stage, first, second);

        stage.Say("C2 tries the very port that C1 uses: from outside that would be C1's connection.");
        var twin = await Talker.Ready(c2, w.Address, Cast.Port, PortOfC1, "twin");
        await twin.Go();
        var refusal = await twin.ReportWithin("error", Cast.Soon);
        stage.Check("C2 is refused at once, and its next try may use another port", refusal?.Errno == "ECONNREFUSED", refusal?.ToString() ?? "nothing within the time");
        await ExpectBothAlive(stage, first, second);
        stage.Check("no latch broke", !daemon.Events.Any(e => e.Kind == "latch_broken"), $"{daemon.Events.Count} events on W");

        await c1.Nics[0].Unplug();
        stage.Say("C1 vanishes; W goes on sending to it.");
        await first.Server.Send(1000);
        var silent = await daemon.Event(e => e.Kind == "probe_silent", Cast.Soon);
        stage.Check("W notices that C1 is silent", silent is not null, silent?.Text("text") ?? "it does not");
        await second.Client.Send(1000);
        await second.Server.Received(1000, Cast.Soon);
        stage.Check(
            "a silence is no proof, and that C2 answers at the same address is none either", !daemon.Events.Any(e => e.Kind == "latch_broken"),
            $"W's application {(first.Server.Failure is null ? "still waits in recv()" : "was told")}");

        await daemonOfC2.Event(e => e.Kind == "latch_released", Cast.Soon);
        stage.Say("C2 tries C1's port again. Now C1 does not answer for it.");
        var heir = await Talker.Ready(c2, w.Address, Cast.Port, PortOfC1, "heir");
        var asked = await heir.Go();
        var told = await first.Server.ReportWithin("error", Cast.Soon);
        var broken = await daemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("that is the proof: W's application gets ECONNRESET", told?.Errno == "ECONNRESET" && broken?.Text("reason") == "PeerReplaced", $"{told?.Errno ?? "nothing"} after {(told is null ? 0 : told.At - asked):0.0} ms; {broken?.Text("text") ?? "no alert"}");
        Conversation.ExpectUndisturbed(stage, second.Server, "C2's connection");

        await capture.Stop();
        await Judge(stage, capture, daemon.Keys, w.Nics[0]);
        await new IntegrityJudge(capture.File, daemon.Keys).Judge(stage);
    }

    /// <summary>L49: two connections with one address, and not one peer.</summary>
    private static async Task ExpectTwoPeers(Stage stage, LatchkeyDaemon daemon, LabHost c1, LabHost c2)
    {
        var latches = (await daemon.Latches()).Where(l => l.GetProperty("state").GetString() == "ESTABLISHED")
            .Select(l => (Port: l.GetProperty("flow").GetProperty("remote_port").GetInt32(), Key: l.GetProperty("peer_key").GetString(), Address: l.GetProperty("flow").GetProperty("remote").GetString()))
            .OrderBy(l => l.Port).ToList();
        stage.Check(
            "W holds two latches with one address and two keys",
            latches.Count == 2 && latches[0].Key != latches[1].Key && latches[0].Address == latches[1].Address,
            string.Join("; ", latches));
        var narrowed = await daemon.Event(e => e.Kind == "child_narrowed", Cast.Soon);
        stage.Check("the second Child SA leaves out the first's flow", narrowed is not null, narrowed?.Text("text") ?? "it was not narrowed");
        var privates = (await daemon.IkeSas())
            .Select(sa => sa.TryGetProperty("peer_private_address", out var address) ? address.GetString() : null).Order().ToList();
        stage.Check(
            "W knows that a NAT is there, and both private addresses", privates.SequenceEqual(new[] { c1.Address, c2.Address }.Order()),
            string.Join(", ", privates.Select(p => p ?? "none")));
    }

    /// <summary>Both connections carry data both ways at the same time.</summary>
    private static async Task ExpectBothAlive(Stage stage, Conversation first, Conversation second)
    {
        const long More = 20_000;
        var before = (await first.Server.Count()).Received;
        foreach (var end in new[] { first.Client, first.Server, second.Client, second.Server })
        {
            await end.Send(More);
        }

        foreach (var (conversation, whose) in new[] { (first, "C1"), (second, "C2") })
        {
            var (server, client) = (await conversation.Server.Received(before + More, Cast.Soon), await conversation.Client.Received(before + More, Cast.Soon));
            server = await conversation.Server.Count();
            stage.Check(
                $"W and {whose} talk, byte for byte", server.Matches(client) && server.Received == before + More,
                $"{server.Received} octets to W, {client.Received} to {whose}");
        }
    }

    /// <summary>On the public side: nothing in clear, and each flow always under the SAs of the same host.</summary>
    private static async Task Judge(Stage stage, Capture capture, string keys, Nic w)
    {
        var clear = await new Tshark(capture.File).Count("tcp");
        stage.Check("no TCP segment crossed the public link in clear", clear == 0, $"{clear} segments");
        var tshark = new Tshark(capture.File, keys);
        var sent = await tshark.Fields($"eth.src == {w.Mac} && esp && tcp", "udp.dstport", "esp.spi", "tcp.dstport");
        foreach (var (port, whose) in new[] { (PortOfC1, "C1"), (PortOfC2, "C2") })
        {
            var doors = sent.Where(fields => fields[2] == $"{port}").Select(fields => fields[0]).Distinct().ToList();
            var others = sent.Where(fields => fields[2] != $"{port}").Select(fields => fields[1]).ToHashSet();
            var shared = sent.Count(fields => fields[2] == $"{port}" && others.Contains(fields[1]));
            stage.Check($"every packet of {whose}'s connection went to {whose}, under SAs that carry nothing of the other's", doors.Count == 1 && shared == 0, $"UDP ports {string.Join(", ", doors)}, {shared} under an SA of the other's");
        }

        var granted = await tshark.Fields($"eth.src == {w.Mac} && isakmp.exchangetype == 35 && isakmp.ts.start_port", "isakmp.ts.start_port", "isakmp.ts.end_port");
        var narrow = granted.Count(fields => fields[0].Split(',').Contains($"{PortOfC1 + 1}") && fields[1].Split(',').Contains($"{PortOfC1 - 1}"));
        stage.Check("tshark reads traffic selectors that end before C1's port and begin behind it", narrow == 1, string.Join("; ", granted.Select(fields => $"{fields[0]} to {fields[1]}")));
    }
}
