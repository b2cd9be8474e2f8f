using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C goes from a network of public addresses into one behind a NAT, amid a transfer through its tunnel, and back. ESP goes into UDP
/// there, and out of it again; nothing else changes (RFC 4555 §3.5).
/// </summary>
public sealed class X14BehindNat : Scenario
{
    public override string Id => "X14";

    public override string Title => "C moves behind a NAT and back amid a transfer: its tunnel goes into UDP there, and its latches stay";

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var (outside, inside) = (await laboratory.Link(1), await laboratory.Link(2));
        var (w, c, nat) = (await laboratory.Host("w", outside, 1), await laboratory.Host("c", outside, 7), await laboratory.Host("nat", outside, 254));
        await laboratory.Connect(c, inside, 7);
        await laboratory.Connect(nat, inside, 254);
        await Masquerade.Begin(stage, nat, c);
        var capture = await outside.Record("outside.pcap");
        foreach (var nic in new[] { w, c, nat }.SelectMany(host => host.Nics))
        {
            await nic.Plug();
        }

        var home = new Roamer.Place("W sees C at its own address, and ESP goes bare", c.Address, Nat: null, "esp");
        var roamer = await Roamer.Depart(stage, w, [w.Address], c, [c.Address, c.Nics[1].Address], [c.Address, nat.Address]);
        await roamer.Expect(roamer.OnW, home);
        await roamer.LeaveFor(new("W sees C behind a NAT, and ESP goes in UDP", nat.Address, "there", "udp"));
        await roamer.Expect(roamer.OnC, new("C knows that a NAT hides it", w.Address, "here", "udp"));
        await roamer.ReturnTo(home);

        await capture.Stop();
        var (ip, tshark) = (stage.Plan.FilterPrefix, new Tshark(capture.File, roamer.OnW.Keys));
        var clear = await new Tshark(capture.File).Count("tcp");
        stage.Check("no TCP segment crossed the public link in clear", clear == 0, $"{clear} segments");
        var flow = $"esp && tcp.port == {Roamer.InnerPort}";
        var (bare, wrapped) = (await tshark.Count($"{flow} && !udp && {ip}.addr == {c.Address}"), await tshark.Count($"{flow} && udp.port == 4500 && {ip}.addr == {nat.Address}"));
        var astray = await tshark.Count($"esp && !udp && {ip}.addr == {nat.Address}");
        stage.Check(
            "tshark finds the connection in bare ESP at C's own address, and in ESP in UDP at the NAT's only", bare > 0 && wrapped > 0 && astray == 0,
            $"{bare} packets bare, {wrapped} in UDP, {astray} bare to or from the NAT");
        await new IntegrityJudge(capture.File, roamer.OnW.Keys).Judge(stage);
    }
}
