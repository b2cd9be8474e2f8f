using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// C holds a thousand connections to three services of W. What breaks when D takes its address is decided by what D's SA
/// covers: first exactly one of them, then one service, and never the third.
/// </summary>
public sealed class S14ManyConnections : Scenario
{
    private const int Untouched = Cast.Port;
    private const int Service = Cast.Port + 1;
    private const int Single = Cast.Port + 2;

    /// <summary>C's ports, outside the ephemeral range.</summary>
    private const int First = 10_000;

    private static readonly (int Port, int From, int Count)[] Plans = [(Untouched, First, 500), (Service, First + 1000, 400), (Single, First + 2000, 100)];

    public override string Id => "S14";

    public override string Title => "A thousand connections: D's SA for one tuple breaks one, its SA for one port the 400 there, and 500 at another port stay";

    public override bool FillsTheMachine => true;

    protected internal override async Task Tell(Stage stage)
    {
        var w = new DaemonConfiguration
        {
            Protect = [.. Plans.Select(plan => new ProtectRule($"service-{plan.Port}", LocalPort: $"{plan.Port}"))],
            ExportKeys = true,
        };
        var d = new DaemonConfiguration { Protect = [new ProtectRule("single", LocalPort: $"{First + 2000}", RemotePort: $"{Single}")] };
        var cast = await Cast.Assemble(stage, new CastPolicy(w, CastPolicy.ClientOf(Untouched, Service, Single), d));
        var server = await Waiters.Serve(cast.W, [.. Plans.Select(plan => plan.Port)]);
        await Waiters.Connect(cast.C, cast.W.Address, Plans);
        var count = await server.Count();
        await stage.Until(async () => AllHeard(count = await server.Count()), Cast.Soon);
        stage.Check("a thousand connections work", AllHeard(count), Shown(count));

        await cast.CVanishes();
        await cast.DTakesTheAddress();
        var newcomer = await Talker.Ready(cast.D, cast.W.Address, Single, First + 2000, "single");
        var asked = await newcomer.Go();
        count = await Resets(stage, server, Single, 1);
        stage.Check("D's SA for one 5-tuple resets the one connection that has it, and no other", count.Resets(Single).Count == 1 && Total(count) == 999, Shown(count));
        stage.Say($"It was told after {count.Resets(Single).First - asked:0.0} ms.");
        await newcomer.Quit();

        await cast.DDaemon.Reload(CastPolicy.ClientOf(Service));
        var second = await Talker.Ready(cast.D, cast.W.Address, Service, name: "service");
        asked = await second.Go();
        count = await Resets(stage, server, Service, 400);
        var resets = count.Resets(Service);
        var all = Moment.Now;
        stage.Check("D's SA for one port resets the 400 connections there, and no other", resets.Count == 400 && count.Live(Untouched) == 500 && count.Live(Single) == 99, Shown(count));
        stage.Say($"The first of 400 was told after {resets.First - asked:0.0} ms, the last {resets.Last - resets.First:0.0} ms later.");
        stage.TimeToNotice = resets.First - asked;
        var broken = 0;
        await stage.Until(() => Task.FromResult((broken = cast.WDaemon.Events.Count(e => e.Kind == "latch_broken")) >= 401), Cast.Soon);
        stage.Check("the daemon told of as many breaks", broken == 401, $"{broken} alerts");

        await cast.Capture.Stop();
        var ports = $"tcp.port in {{{First}..{First + 2999}}} && {cast.Between(cast.W.Address, cast.C.Address)}";
        await Rule(cast, $"tcp.port == {Untouched} && {ports}").Judge(stage, broken: null, until: null);
        await Rule(cast, $"tcp.port == {Service} && {ports}").Judge(stage, all, until: null);
    }

    private static NoByteRule Rule(Cast cast, string flows) => new(cast.Capture, flows, cast.W.Nics[0], cast.C.Nics[0], cast.D.Nics[0], cast.WDaemon.Keys);

    private static async Task<WaitersCount> Resets(Stage stage, Waiters server, int port, int wanted)
    {
        WaitersCount count = await server.Count();
        await stage.Until(async () => (count = await server.Count()).Resets(port).Count >= wanted, TimeSpan.FromSeconds(30));
        return count;
    }

    private static bool AllHeard(WaitersCount count) => Plans.All(plan => count.Heard(plan.Port) == plan.Count);

    private static int Total(WaitersCount count) => Plans.Sum(plan => count.Live(plan.Port));

    private static string Shown(WaitersCount count) =>
        string.Join("; ", Plans.Select(plan => $"port {plan.Port}: {count.Live(plan.Port)} live, {count.Resets(plan.Port).Count} reset"));
}
