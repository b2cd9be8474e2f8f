using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>Large transfers over links with different MTUs, and over a path whose MTU shrinks in the middle of one.</summary>
/// <param name="offload">The cards take super-segments, and routers pass them on.</param>
public sealed class X3Transfer(bool offload) : Scenario
{
    private const long Short = 48L << 20;
    private const long Full = 1L << 30;

    /// <summary>The slowest the product may be without the transfer being called stuck.</summary>
    private const double OctetsPerSecond = 4e6;

    public override string Id => offload ? "X3o" : "X3";

    public override string Title =>
        $"Large transfers through a router{(offload ? ", with segmentation offload" : "")}: MTU 1500, MTU 1280, and an MTU that shrinks on the way";

    public override bool FillsTheMachine => true;

    protected internal override async Task Tell(Stage stage)
    {
        var laboratory = stage.Laboratory;
        var (near, far) = (await laboratory.Link(1), await laboratory.Link(2));
        var w = await laboratory.Host("w", near, 1, offload);
        var router = await laboratory.Host("router", near, 254, offload);
        await laboratory.Connect(router, far, 254, offload);
        var c = await laboratory.Host("c", far, 7, offload);
        foreach (var nic in new[] { w, router, c }.SelectMany(host => host.Nics))
        {
            await nic.Plug();
        }

        await router.Namespace.Sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        await w.Namespace.Ip(stage.Plan.Family, "route", "add", "default", "via", router.Nics[0].Address);
        await c.Namespace.Ip(stage.Plan.Family, "route", "add", "default", "via", router.Nics[1].Address);
        // Only what must never be there is recorded: whole transfers would fill the disk and prove no more.
        var clear = await near.Record("clear-tcp.pcap", only: "tcp");
        await Task.WhenAll(LatchkeyDaemon.Start(w, CastPolicy.Server()), LatchkeyDaemon.Start(c, CastPolicy.Client));

        await Transfer(stage, w, c, 7001, "MTU 1500", () => Task.CompletedTask);
        await Transfer(stage, w, c, 7002, "an MTU that shrinks to 1400 behind the router under way", () => Shrink(router.Nics[1], c.Nics[0], 1400));
        await Transfer(stage, w, c, 7003, "MTU 1280", async () =>
        {
            await Shrink(w.Nics[0], router.Nics[0], 1280);
            await Shrink(router.Nics[1], c.Nics[0], 1280);
        });
        await clear.Stop();
        var leaked = await new Tshark(clear.File).Count("tcp");
        stage.Check("no TCP segment crossed the link in clear", leaked == 0, $"{leaked} segments");
    }

    /// <summary>Both directions at once, so that each end sends full packets.</summary>
    /// <param name="underWay">Done when the first octets have arrived.</param>
    private static async Task Transfer(Stage stage, LabHost w, LabHost c, int port, string over, Func<Task> underWay)
    {
        var size = stage.Full ? Full : Short;
        var limit = TimeSpan.FromSeconds(10 + (size / OctetsPerSecond));
        var server = await Talker.Listen(w, port, $"server-{port}");
        var client = await Talker.Ready(c, w.Address, port, name: $"client-{port}");
        var began = await client.Go();
        await client.Report("connected");
        await server.Send(size / 2);
        await client.Send(size / 2);
        await server.Report("heard");
        await client.Report("heard");
        await underWay();
        await server.Report("sent", limit);
        await client.Report("sent", limit);
        var atServer = await server.Received(size / 2, limit);
        var atClient = await client.Received(size / 2, limit);
        var seconds = (Moment.Now - began) / 1000;
        await client.Quit();
        await server.Quit();
        stage.Check(
            $"{size >> 20} MiB over {over} arrive octet for octet", atClient.Matches(atServer),
            $"{atServer.Received + atClient.Received} octets in {seconds:0.0} s");
    }

    private static async Task Shrink(Nic one, Nic other, int mtu)
    {
        await one.SetMtu(mtu);
        await other.SetMtu(mtu);
    }
}
