using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>
/// The daemon is killed again and again, on either side and on both, under 200 connections that talk both ways. Every latch is
/// found again in the journal, every stream goes on, and nothing leaves in clear while there is no daemon.
/// </summary>
public sealed class S15rRestarts : Scenario
{
    /// <summary>Connections that C opened to W, and as many that W opened to C.</summary>
    private const int EachWay = 100;

    private const int KillsOfEach = 3;
    private const int KillsOfEachInFull = 10;

    /// <summary>TCP doubles the time to its next attempt while there is no daemon: who was away long is awaited as long again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public override string Id => "S15r";

    public override string Title => "200 live connections, the daemons of both sides killed with -9 again and again: zero resets, every octet right";

    protected internal override async Task Tell(Stage stage)
    {
        var policy = new DaemonConfiguration { Protect = [new ProtectRule("crowd") { Port = $"{Cast.Port}" }], ChildLifetime = "30s" };
        var wire = await stage.Laboratory.Link();
        var w = await stage.Laboratory.Host("w", wire, 1);
        var c = await stage.Laboratory.Host("c", wire, 7);
        await w.Nics[0].Plug();
        await c.Nics[0].Plug();
        // Only what must never be there is recorded: the ports inside ESP are not visible to it.
        var clear = await wire.Record("clear-tcp.pcap", only: "tcp");
        var daemons = await Task.WhenAll(LatchkeyDaemon.Start(w, policy), LatchkeyDaemon.Start(c, policy));

        Crowd[] servers = [await Crowd.Listen(w, Cast.Port, EachWay), await Crowd.Listen(c, Cast.Port, EachWay)];
        Crowd[] clients = [Crowd.Connect(c, w.Address, Cast.Port, EachWay), Crowd.Connect(w, c.Address, Cast.Port, EachWay)];
        Crowd[] crowds = [.. servers, .. clients];
        await Task.WhenAll(crowds.Select(crowd => crowd.Complete(Patience)));
        stage.Say($"{2 * EachWay} connections talk, half of them opened by W.");

        var kills = stage.Full ? KillsOfEachInFull : KillsOfEach;
        var told = new List<DaemonEvent>();
        var pauses = new List<double>();
        for (var round = 0; round < kills; round++)
        {
            // One side, the other, or both at once.
            foreach (var victims in round % 3 == 2 ? [daemons] : daemons.Select(daemon => new[] { daemon }))
            {
                var killed = Moment.Now;
                told.AddRange(victims.SelectMany(daemon => daemon.Events));
                await Task.WhenAll(victims.Select(daemon => daemon.Kill()));
                await Task.WhenAll(victims.Select(daemon => daemon.Start()));
                if (!(await Task.WhenAll(crowds.Select(crowd => crowd.Moves(Patience)))).All(moves => moves))
                {
                    stage.Check("every connection goes on after a restart", false, $"not all of them within {Patience.TotalSeconds:0} s, in round {round + 1}");
                    return;
                }

                pauses.Add(Moment.Now - killed);
            }
        }

        pauses.Sort();
        told.AddRange(daemons.SelectMany(daemon => daemon.Events));
        var restored = told.Count(e => e.Kind == "latches_restored");
        stage.Check(
            "every connection goes on after every restart", restored == kills * daemons.Length,
            $"{restored} daemons restored their latches; from the kill until all {2 * EachWay} connections moved again {pauses[pauses.Count / 2]:0} ms in the middle, {pauses[^1]:0} ms at most");
        await Judge(stage, told, crowds);

        await clear.Stop();
        var leaked = await new Tshark(clear.File).Count("tcp");
        stage.Check("no TCP segment crossed the link in clear, at no time", leaked == 0, $"{leaked} segments");
    }

    private static async Task Judge(Stage stage, List<DaemonEvent> told, Crowd[] crowds)
    {
        var counts = await Task.WhenAll(crowds.Select(crowd => crowd.Stop(Patience)));
        var failures = crowds.SelectMany(crowd => crowd.Failures).ToList();
        stage.Check("no connection was reset", failures.Count == 0, failures.Count == 0 ? "no call failed" : $"{failures.Count} failed, the first with {failures[0]}");

        var atServers = counts.Take(2).SelectMany(count => count).ToDictionary();
        var atClients = counts.Skip(2).SelectMany(count => count).ToDictionary();
        var whole = atServers.Count(end => atClients.TryGetValue(end.Key, out var other) && end.Value.Matches(other));
        stage.Check(
            "every stream arrived octet for octet, both ways", whole == 2 * EachWay,
            $"{whole} of {2 * EachWay} connections, {atServers.Values.Sum(end => end.Count.Sent + end.Count.Received)} octets");

        var broken = told.Find(e => e.Kind is "latch_broken" or "latch_closed" or "journal_refused");
        stage.Check("no latch broke or was closed", broken is null, broken?.Text("text") ?? "no alert");
    }
}
