using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// Net to net: A and B, which know nothing of Latchkey, talk through the gateways W and C. Then the gateway D, with another key,
/// stands at C's address. A's connection was latched to C's, and A is told; or not, where its gateway is a purist.
/// </summary>
public sealed class X12Gateways(bool waits) : Scenario
{
    private const int LinkOfA = 2;
    private const int LinkOfB = 3;
    private const int Gateway = 254;

    public override string Id => waits ? "X12w" : "X12";

    public override string Title => waits
        ? "A gateway is replaced, on_break = \"wait\": the host behind the other one sees packets lost, and no octet goes astray"
        : "A gateway is replaced: the host behind the other one gets ECONNRESET at once, and no octet goes astray";

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var (outside, linkOfA, linkOfB) = (await laboratory.Link(1), await laboratory.Link(LinkOfA), await laboratory.Link(LinkOfB));
        var (w, c, d) = (await laboratory.Host("w", outside, 1), await laboratory.Host("c", outside, 7), await laboratory.Host("d", outside, 7));
        var (a, b) = (await laboratory.Host("a", linkOfA, 10), await laboratory.Host("b", linkOfB, 10));
        await laboratory.Connect(w, linkOfA, Gateway);
        await laboratory.Connect(c, linkOfB, Gateway);
        await laboratory.Connect(d, linkOfB, Gateway);
        await Route(stage, w, c, d, a, b);
        var capture = await outside.Record("outside.pcap");
        foreach (var nic in new[] { w, c, a, b }.SelectMany(host => host.Nics))
        {
            await nic.Plug();
        }

        stage.Say($"A ({a.Address}) is behind the gateway W, B ({b.Address}) behind the gateway C. In clear there would be a way from one to the other.");
        var daemon = await LatchkeyDaemon.Start(w, Policy(stage, LinkOfA, LinkOfB, w, c) with { ExportKeys = true, Esn = false });
        await LatchkeyDaemon.Start(c, Policy(stage, LinkOfB, LinkOfA, c, w));
        await LatchkeyDaemon.Start(d, Policy(stage, LinkOfB, LinkOfA, d, w));

        var talk = await Conversation.Begin(stage, a, b, Cast.Port, Cast.ClientPort, "A's and B's");
        var latch = await LatchOfTalk(daemon);
        stage.Check("W holds a latch of it, and shows that it forwards the flow", latch.State == "ESTABLISHED" && latch.Forwarded, latch.ToString());
        await ExpectMarksAndSizes(stage, a, b);

        foreach (var nic in c.Nics)
        {
            await nic.Unplug();
        }

        foreach (var nic in d.Nics)
        {
            await nic.Plug();
        }

        stage.Say("C is gone; D stands in its place, with a key of its own. B speaks to A again, through D.");
        await Talker.Listen(a, Cast.NewcomerPort, "second-server");
        var newcomer = await Talker.Ready(b, a.Address, Cast.NewcomerPort, name: "second-client");
        var asked = await newcomer.Go();
        var broken = await daemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        var seen = Moment.Now;
        stage.Check("the latch on W breaks as PeerReplaced", broken?.Text("reason") == "PeerReplaced", broken?.Text("text") ?? "no alert");
        if (waits)
        {
            await talk.Server.Send(4000);
            await stage.Quietly(TimeSpan.FromSeconds(2));
            Conversation.ExpectUndisturbed(stage, talk.Server, "A's application");
        }
        else
        {
            var told = await talk.Server.ReportWithin("error", Cast.Soon);
            stage.TimeToNotice = told is null ? null : told.At - asked;
            stage.Check("A's application gets ECONNRESET", told?.Errno == "ECONNRESET", told is null ? "nothing within the time" : $"after {stage.TimeToNotice:0.0} ms");
        }

        await newcomer.Report("connected");
        await ExpectOldConnection(stage, talk.Client);

        await daemon.Kill();
        stage.Say("W's daemon is killed. A tries to reach B.");
        var lost = await a.Try(Cast.Soon, "ping", "-c", "1", "-W", "1", b.Address);
        stage.Check("nothing goes past the tunnel while W has no daemon", lost.Status != 0, lost.Status == 0 ? "B answers a ping" : "B does not hear A");

        await capture.Stop();
        var inside = await new Tshark(capture.File).Count($"{stage.Plan.FilterPrefix}.addr == {a.Address} || {stage.Plan.FilterPrefix}.addr == {b.Address}");
        stage.Check("between the gateways nothing of A or B is in clear, nor quoted in an error", inside == 0, $"{inside} frames");
        var marked = await new Tshark(capture.File).Count($"esp && {(stage.Plan.IsIPv6 ? "ipv6.tclass" : "ip.dsfield")} == 0xba");
        stage.Check("A's traffic class and ECN stand on the outer header too", marked > 0, $"{marked} ESP packets");
        await new NoByteRule(capture, talk.Flow, w.Nics[0], c.Nics[0], d.Nics[0], daemon.Keys).Judge(stage, seen, until: null);
    }

    /// <summary>D has not seen B's old connection begin: it must not go on with anybody.</summary>
    private async Task ExpectOldConnection(Stage stage, Talker client)
    {
        await client.Send(1000);
        if (waits)
        {
            await stage.Quietly(TimeSpan.FromSeconds(1));
            Conversation.ExpectUndisturbed(stage, client, "B's application");
        }
        else
        {
            var told = await client.ReportWithin("error", Cast.Soon);
            stage.Check("D does not know B's old connection, and has it reset", told?.Errno == "ECONNRESET", told?.ToString() ?? "nothing within the time");
        }
    }

    private static async Task Route(Stage stage, LabHost w, LabHost c, LabHost d, LabHost a, LabHost b)
    {
        foreach (var (gateway, far, via) in new[] { (w, LinkOfB, c), (c, LinkOfA, w), (d, LinkOfA, w) })
        {
            await gateway.Namespace.Sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
            await gateway.Namespace.Ip(stage.Plan.Family, "route", "add", stage.Plan.Prefix(far), "via", via.Address);
        }

        await a.Namespace.Ip(stage.Plan.Family, "route", "add", "default", "via", stage.Plan.Address(LinkOfA, Gateway));
        await b.Namespace.Ip(stage.Plan.Family, "route", "add", "default", "via", stage.Plan.Address(LinkOfB, Gateway));
    }

    private DaemonConfiguration Policy(Stage stage, int here, int there, LabHost own, LabHost peer) => new()
    {
        Protect =
        [
            new ProtectRule("net-to-net")
            {
                Protocol = "any",
                Local = stage.Plan.Prefix(here),
                Remote = stage.Plan.Prefix(there),
                OuterLocal = [own.Address],
                OuterRemote = [peer.Address],
                Forward = true,
                OnBreak = waits ? "wait" : null,
            },
        ],
    };

    private static async Task<(string State, bool Forwarded)> LatchOfTalk(LatchkeyDaemon daemon)
    {
        foreach (var latch in await daemon.Latches())
        {
            if (latch.GetProperty("flow").GetProperty("remote_port").GetInt32() == Cast.ClientPort)
            {
                return (latch.GetProperty("state").GetString()!, latch.TryGetProperty("forwarded", out var forwarded) && forwarded.GetBoolean());
            }
        }

        return ("none", false);
    }

    /// <summary>A's traffic class is shown outside, and A learns from its gateway what the tunnel takes.</summary>
    private static async Task ExpectMarksAndSizes(Stage stage, LabHost a, LabHost b)
    {
        var ping = await a.Try(Cast.Soon, "ping", "-c", "1", "-W", "5", "-Q", "0xba", b.Address);
        stage.Check("A pings B through the tunnel", ping.Status == 0, ping.Output.Split('\n').FirstOrDefault(line => line.Contains("time=", StringComparison.Ordinal)) ?? ping.Output);
        var large = await a.Try(Cast.Soon, "ping", "-c", "1", "-W", "2", "-M", "do", "-s", stage.Plan.IsIPv6 ? "1452" : "1472", b.Address);
        var said = large.Output.Split('\n').FirstOrDefault(line => line.Contains("mtu", StringComparison.OrdinalIgnoreCase));
        stage.Check("A is told by W how much fits into the tunnel", said is not null, said?.Trim() ?? large.Output);

        // B learns by the first answers how small its fragments must be.
        var fragments = await a.Try(Cast.Soon, "ping", "-c", "5", "-i", "0.3", "-W", "2", "-s", "3000", b.Address);
        stage.Check("datagrams of 3,000 octets, which come in fragments, arrive there and back", fragments.Status == 0, fragments.Output.Split('\n').FirstOrDefault(line => line.Contains("received", StringComparison.Ordinal)) ?? fragments.Output);
    }
}
