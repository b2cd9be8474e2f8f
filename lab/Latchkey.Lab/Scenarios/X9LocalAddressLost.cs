using Latchkey.Lab.Applications;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// W loses the address that its connection lives on. The peer cannot be told from an address that is gone; W's own
/// application is, at once.
/// </summary>
public sealed class X9LocalAddressLost : Scenario
{
    public override string Id => "X9";

    public override string Title => "W loses its address: its application gets ECONNRESET at once, and nobody else hears anything";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var (w, nic) = (cast.W, cast.W.Nics[0]);
        // As Debian sets it: the reset must pass the check of source addresses although no way to C is left.
        await w.Namespace.Sysctl("net.ipv4.conf.all.rp_filter=2");
        await cast.Converse();
        var address = $"{nic.Address}/{stage.Plan.PrefixLength}";
        var add = $"ip addr add {address} dev {nic.Device}{(stage.Plan.IsIPv6 ? " nodad" : "")}";
        var remove = $"ip addr del {address} dev {nic.Device}";

        await w.Run("sh", "-c", $"{remove} && {add}");
        stage.Say("W's address is taken away and given back in one breath, as when an interface is set up anew.");
        await cast.Server.Send(1000);
        await cast.ExpectWhole(5000, 4000, Cast.Patience);
        cast.ExpectNoBreak();

        var fromC = await cast.Client.Count();
        var gone = Moment.Now;
        await w.Run("sh", "-c", remove);
        stage.Say("Now it is taken away for good.");
        var told = await cast.Expect("ECONNRESET", cast.Server, gone);
        var broken = await cast.WDaemon.Event(e => e.Kind == "latch_broken", Cast.Soon);
        stage.Check("the reason is LocalAddressLost", broken?.Text("reason") == "LocalAddressLost", broken?.Text("text") ?? "no alert");
        var closed = await cast.WDaemon.Event(e => e.Kind == "ike_sa_closed", Cast.Soon);
        stage.Check("the IKE SA of that address went, after the break", closed?.Sequence > broken?.Sequence, closed?.Text("text") ?? "it is still there");

        await cast.C.Run("ip", "neigh", "flush", "dev", cast.C.Nics[0].Device);
        var ping = await cast.C.Try(Cast.Soon, "ping", "-q", "-c", "1", "-W", "1", nic.Address);
        stage.Check("to the network W does not own the address any more", ping.Status != 0, ping.Status == 0 ? "it answers a ping" : "it answers nobody who asks for it");
        stage.Check("C's end was told nothing", cast.Client.Failure is null && !cast.CDaemon.Events.Any(e => e.Kind == "latch_broken"), "its connection stands");
        await cast.ExpectNothingForeign(fromC);

        await w.Run("sh", "-c", add);
        await w.Announce(nic);
        stage.Say("W has the address again.");
        var again = await Talker.Listen(w, Cast.NewcomerPort, "second-server");
        var caller = await Talker.Ready(cast.C, w.Address, Cast.NewcomerPort, name: "second-client");
        await caller.Go();
        await caller.ReportWithin("connected", Cast.Patience);
        await caller.Send(2000);
        var (atW, atC) = (await again.Received(2000, Cast.Soon), await caller.Count());
        stage.Check("a new connection is served", atW.Matches(atC) && atW.Received == 2000, $"{atW.Received} octets to W");
        await cast.JudgeTheWire(told, withNewcomer: false);
    }
}
