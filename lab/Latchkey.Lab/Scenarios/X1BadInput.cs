using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>Everything a network can throw at a daemon, while it carries a transfer.</summary>
public sealed class X1BadInput : Scenario
{
    private const int Seconds = 5;

    public override string Id => "X1";

    public override string Title => "Malformed, truncated, oversized, duplicated and replayed datagrams: counted, and nothing else";

    protected internal override async Task Tell(Stage stage)
    {
        var cast = await Cast.Assemble(stage, CastPolicy.WithoutD);
        var attacker = await stage.Laboratory.Host("attacker", cast.Wire, 66);
        await attacker.Nics[0].Plug();
        await cast.Converse();
        var before = await cast.WDaemon.AskJson("status");

        stage.Say($"For {Seconds} s bad datagrams come to ports 500 and 4500 and as protocol 50, half of them in C's name, while C and W talk.");
        var attacks = new[] { Attack(attacker, cast.C.Address, cast), Attack(attacker, attacker.Address, cast) };
        var (toW, toC) = (5000L, 3000L);
        while (!attacks.All(attack => attack.IsCompleted))
        {
            await cast.Client.Send(20_000);
            await cast.Server.Send(20_000);
            (toW, toC) = (toW + 20_000, toC + 20_000);
            await stage.Quietly(TimeSpan.FromMilliseconds(100));
        }

        foreach (var attack in attacks)
        {
            var sent = await attack;
            stage.Check("the attack took place", sent.Status == 0, $"{sent.Output.Trim()} {sent.Complaint.Trim()}");
        }

        await cast.ExpectWhole(toW, toC);
        await cast.ExpectLatch("ESTABLISHED");
        cast.ExpectNoBreak();
        var after = await cast.WDaemon.AskJson("status");
        stage.Check("the daemon is still the same process", after.GetProperty("pid").GetInt32() == before.GetProperty("pid").GetInt32(), $"pid {after.GetProperty("pid")}");
        foreach (var counters in new[] { "drops", "ike_drops" })
        {
            stage.Check($"{counters} rise", Sum(after, counters) > Sum(before, counters), after.GetProperty(counters).ToString());
        }

        var log = cast.WDaemon.Log();
        stage.Check("the log shows no exception", !log.Contains("Exception", StringComparison.Ordinal), $"{log.Split('\n').Length} lines of log");
        var half = (await cast.WDaemon.IkeSas()).Count;
        stage.Check("nothing of it left state behind", half <= 2, $"{half} IKE SAs");
        await cast.JudgeTheWire(broken: null, withNewcomer: false);
    }

    private static Task<Processes.CommandResult> Attack(LabHost attacker, string source, Cast cast) =>
        attacker.Try(TimeSpan.FromSeconds(Seconds + 90), attacker.App("hostile.py", source, cast.W.Address, $"{Seconds}", cast.Capture.File));

    private static long Sum(JsonElement status, string counters) => status.GetProperty(counters).EnumerateObject().Sum(counter => counter.Value.GetInt64());
}
