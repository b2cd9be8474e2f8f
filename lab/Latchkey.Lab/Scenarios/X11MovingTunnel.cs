using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C has a connection through a tunnel and one in transport mode, and goes from one network to another amid a transfer. The
/// first carries on from the new address (MOBIKE); the second is tied to the old one and ends at once.
/// </summary>
public sealed class X11MovingTunnel : Scenario
{
    private const long Size = 2L << 20;
    private const int InnerPort = 7101;
    private const int InnerClientPort = 20101;

    public override string Id => "X11";

    public override string Title => "C changes its outer address amid a transfer: its tunnel goes on from there, its transport-mode connection is reset";

    protected internal override async Task Tell(Stage stage)
    {
        var plan = stage.Plan;
        var cast = await Cast.Assemble(stage);
        var (w, c, d) = (cast.W, cast.C, cast.D);
        var (home, abroad) = (c.Address, plan.Address(1, 8));

        // Of the other family: what a tunnel carries need not be what carries it. X12 has one family inside and outside.
        var (innerW, innerC) = plan.IsIPv6 ? ("10.1.0.1", "10.2.0.7") : ("fd00:1::1", "fd00:2::7");
        await w.Have(innerW);
        await c.Have(innerC);
        var link = $"{plan.Address(1, 0)}/{plan.PrefixLength}";
        await cast.StartOnW(new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("tunnel") { Local = innerW, Remote = innerC, OuterLocal = [w.Address], OuterRemote = [home, abroad] },
                new ProtectRule("story", LocalPort: "7000-7009") { Remote = link },
            ],
            ExportKeys = true,
            Esn = false,
        });
        await cast.StartOnC(new DaemonConfiguration
        {
            Protect =
            [
                new ProtectRule("tunnel") { Local = innerC, Remote = innerW, OuterLocal = [home, abroad], OuterRemote = [w.Address] },
                new ProtectRule("story", RemotePort: "7000-7009") { Remote = link },
            ],
        });
        stage.Say($"Latchkey runs on W and C, with a tunnel between {innerW} and {innerC}. C's end of it may be at {home} or at {abroad}.");

        await cast.Converse();
        var server = await Talker.Listen(w, InnerPort, "inner-server", address: innerW);
        var client = await Talker.Ready(c, innerW, InnerPort, InnerClientPort, "inner-client");
        await client.Go();
        await client.Report("connected", Cast.Soon);
        await client.Send(Size);
        await server.Send(Size);
        await server.Report("heard", Cast.Soon);
        await client.Report("heard", Cast.Soon);

        var moved = Moment.Now;
        await c.Run("sh", "-c", $"ip addr del {home}/{plan.PrefixLength} dev {c.Nics[0].Device} && ip addr add {abroad}/{plan.PrefixLength} dev {c.Nics[0].Device}{(plan.IsIPv6 ? " nodad" : "")}");
        stage.Say($"Amid the transfer C loses {home} and has {abroad} instead.");
        await ExpectMoved(stage, "C", cast.CDaemon, "LocalAddressChanged", home, abroad);
        await ExpectMoved(stage, "W", cast.WDaemon, "PeerMoved", home, abroad);

        var told = await cast.Client.ReportWithin("error", Cast.Soon);
        stage.Check(
            "C's connection in transport mode is reset: it was tied to the old address", told?.Errno == "ECONNRESET", told is null ? "nothing within the time" : $"{told.Errno} after {told.At - moved:0.0} ms");
        var broken = await cast.CDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is LocalAddressLost", broken?.Text("reason") == "LocalAddressLost", broken?.Text("text") ?? "no alert");

        await server.Report("sent", Cast.Patience);
        await client.Report("sent", Cast.Patience);
        await d.Nics[0].Plug();
        stage.Say($"D is there, with the address {home} that C had.");
        await client.Send(5000);
        await server.Send(5000);
        var (atW, atC) = (await server.Received(Size + 5000, Cast.Patience), await client.Received(Size + 5000, Cast.Patience));
        stage.Check(
            $"{Size >> 20} MiB each way through the tunnel arrive octet for octet", atW.Matches(atC) && atW.Received == Size + 5000 && atC.Received == Size + 5000,
            $"{atW.Received} octets to W, {atC.Received} to C");
        stage.Check("neither end of it was told anything", server.Failure is null && client.Failure is null, "both still wait in recv()");
        stage.Check(
            "no latch of the tunnel broke", cast.WDaemon.Events.Concat(cast.CDaemon.Events).Count(e => e.Kind == "latch_broken") == 1, "the one of the transport-mode connection only");

        await cast.Capture.Stop();
        await Judge(stage, cast, innerC, home, abroad);
        await new IntegrityJudge(cast.Capture.File, cast.WDaemon.Keys).Judge(stage);

        await cast.WDaemon.Kill();
        await cast.WDaemon.Start();
        // W alone has something to say: if C had too, C might call first.
        await server.Send(5000);
        await client.Received(Size + 10_000, Cast.Patience);
        var called = (await cast.WDaemon.IkeSas())
            .Any(sa => sa.GetProperty("initiated").GetBoolean() && sa.GetProperty("remote").GetString()!.Contains(abroad, StringComparison.Ordinal));
        await client.Send(5000);
        (atW, atC) = (await server.Received(Size + 10_000, Cast.Patience), await client.Received(Size + 10_000, Cast.Patience));
        stage.Check(
            "W's daemon is killed and started again: it calls C where C was last, and the connection carries on", called && atW.Matches(atC) && atW.Received == Size + 10_000,
            $"{(called ? "it called" : "it did not call")} {abroad}; {atW.Received} octets to W, {atC.Received} to C");
    }

    private static async Task ExpectMoved(Stage stage, string whose, LatchkeyDaemon daemon, string reason, string from, string to)
    {
        var told = await daemon.Event(e => e.Kind == "channel_moved" && e.Text("reason") == reason, Cast.Soon);
        stage.Check(
            $"{whose} tells that the tunnel moved, from where and to where", told is not null && told.Text("text")!.Contains(from, StringComparison.Ordinal) && told.Text("text")!.Contains(to, StringComparison.Ordinal),
            told?.Text("text") ?? "it does not");
    }

    private static async Task Judge(Stage stage, Cast cast, string innerC, string home, string abroad)
    {
        var (ip, inner, w, d) = (stage.Plan.FilterPrefix, stage.Plan.IsIPv6 ? "ip" : "ipv6", cast.W.Nics[0].Mac, cast.D.Nics[0].Mac);
        var clear = await new Tshark(cast.Capture.File).Count("tcp");
        stage.Check("no TCP segment crossed the link in clear, not even a reset", clear == 0, $"{clear} segments");
        var tshark = new Tshark(cast.Capture.File, cast.WDaemon.Keys);
        var flow = $"esp && {inner}.addr == {innerC} && tcp.port == {InnerPort}";
        var (before, after, back) = (await tshark.Count($"{flow} && {ip}.src == {home}"), await tshark.Count($"{flow} && {ip}.src == {abroad}"), await tshark.Count($"{flow} && {ip}.dst == {abroad}"));
        stage.Check("tshark finds the connection in ESP from the old address, and then from and to the new one", before > 0 && after > 0 && back > 0, $"{before} packets from {home}; {after} from {abroad}, {back} to it");
        var spis = (await tshark.Fields($"{flow} && eth.src == {w}", "esp.spi")).Select(fields => fields[0]).Distinct().ToList();
        stage.Check("under the same SA before and after", spis.Count == 1, $"W sent it under SPI {string.Join(", ", spis)}");
        var toD = await tshark.Count($"esp && eth.dst == {d}");
        stage.Check("who has the old address now got nothing", toD == 0, $"{toD} ESP packets to D");
    }
}
