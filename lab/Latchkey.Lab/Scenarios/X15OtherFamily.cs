using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C loses the address of one family amid a transfer through its tunnel, and goes on from that of the other; later it returns. What the
/// tunnel carries has one family all the time.
/// </summary>
public sealed class X15OtherFamily : Scenario
{
    public override string Id => "X15";

    public override string Title => "C goes from IPv4 to IPv6 amid a transfer, or the reverse, and back: its tunnel goes with it, and its latches stay";

    protected internal override async Task Tell(Stage stage)
    {
        var other = stage.Plan with { IsIPv6 = !stage.Plan.IsIPv6 };
        var laboratory = stage.Laboratory;
        var wire = await laboratory.Link();
        var (w, c) = (await laboratory.Host("w", wire, 1), await laboratory.Host("c", wire, 7));
        var (otherW, otherC) = (other.Address(1, 1), other.Address(1, 7));
        foreach (var (host, address) in new[] { (w, otherW), (c, otherC) })
        {
            string[] quiet = other.IsIPv6 ? ["nodad"] : [];
            await host.Namespace.Ip(["addr", "add", $"{address}/{other.PrefixLength}", "dev", host.Nics[0].Device, .. quiet]);
        }

        var capture = await wire.Record("wire.pcap");
        await w.Nics[0].Plug();
        await c.Nics[0].Plug();

        var home = new Roamer.Place($"W sees C at its {stage.Plan.Name} address", c.Address, Nat: null, "esp");
        var roamer = await Roamer.Depart(stage, w, [w.Address, otherW], c, [c.Address, otherC], [c.Address, otherC]);
        await roamer.Expect(roamer.OnW, home);
        await roamer.LeaveFor(new($"W sees C at its {other.Name} address", otherC, Nat: null, "esp"));
        await roamer.ReturnTo(home);

        await capture.Stop();
        var tshark = new Tshark(capture.File, roamer.OnW.Keys);
        var clear = await new Tshark(capture.File).Count("tcp");
        stage.Check("no TCP segment crossed the link in clear", clear == 0, $"{clear} segments");
        var flow = $"esp && tcp.port == {Roamer.InnerPort}";
        var (before, after) = (await tshark.Count($"{flow} && {stage.Plan.FilterPrefix}.addr == {c.Address}"), await tshark.Count($"{flow} && {other.FilterPrefix}.addr == {otherC}"));
        stage.Check("tshark finds the connection in ESP of both families", before > 0 && after > 0, $"{before} packets over {stage.Plan.Name}, {after} over {other.Name}");
        var spis = (await tshark.Fields($"{flow} && eth.src == {w.Nics[0].Mac}", "esp.spi")).Select(fields => fields[0]).Distinct().ToList();
        stage.Check("under the same SA all the time", spis.Count == 1, $"W sent it under SPI {string.Join(", ", spis)}");
        await new IntegrityJudge(capture.File, roamer.OnW.Keys).Judge(stage);
    }
}
