using System.Collections.Concurrent;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// Worlds where every policy says clear = "until-ipsec", and hosts begin and cease to run Latchkey, lose their daemons, take
/// each other's addresses and live in bad weather among forgers. After every step: who ever had an SA with a host sends it
/// nothing new in clear, and all the other invariants.
/// </summary>
public sealed class RandomClearSchedules
{
    private const int Schedules = 250;
    private static readonly string[] Names = ["W", "C", "P", "Q"];
    private static readonly NetworkQuality[] Weathers = [NetworkQuality.Perfect, NetworkQuality.Perfect, NetworkQuality.Rough, NetworkQuality.Awful];

    [Fact]
    public void B13_Who_spoke_IPsec_is_never_reached_in_clear_in_any_random_schedule()
    {
        var failing = new ConcurrentBag<string>();
        var (clear, latched) = (0, 0);
        Parallel.For(1, Schedules + 1, (seed, loop) =>
        {
            using var world = NewWorld((ulong)seed);
            try
            {
                Play(world, (ulong)seed);
                Interlocked.Add(ref clear, world.Hosts.Sum(h => h.Daemon?.Raised.Count(e => e.Kind == EventKind.FlowClear) ?? 0));
                Interlocked.Add(ref latched, world.Hosts.Sum(h => h.Daemon?.Raised.Count(e => e.Kind == EventKind.LatchEstablished) ?? 0));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failing.Add($"seed {seed}: {e}\n{string.Join('\n', world.Trace.Lines().TakeLast(200))}");
                loop.Stop();
            }
        });

        Assert.True(failing.IsEmpty, failing.FirstOrDefault());
        Assert.True(clear > Schedules && latched > Schedules, $"the schedules are too dull: {clear} flows in clear, {latched} latches");
    }

    private static World NewWorld(ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(3);
        var policy = Standard.Policy(Standard.Service with { ClearUntilIpsec = true, OnBreak = random.Chance(0.8) ? null : Disposition.Wait });
        return new World(new WorldPlan(
            seed,
            [.. Names.Select((name, i) => new HostPlan(name, InetAddress.Parse($"192.0.2.{i + 1}"), i, i < 2, policy))],
            random.Pick(Weathers),
            Standard.Engine));
    }

    private static void Play(World world, ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(4);
        var stage = new Stage(world);
        foreach (var host in world.Hosts)
        {
            host.Boot();
        }

        var pace = random.Pick([200, 2000, 15000]);
        for (var i = 0; i < 40; i++)
        {
            world.RunFor(random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(pace)));
            Act(world, stage, random);
        }

        world.RunFor(TimeSpan.FromSeconds(30));
    }

    private static void Act(World world, Stage stage, SimulatedRandom random)
    {
        var (at, a, b) = (world.Now, random.Below(Names.Length), random.Below(Names.Length));
        switch (random.Below(100))
        {
            case < 35:
                new Connect(at, a, b, random.Chance(0.3)).Apply(stage);
                break;
            case < 55:
                new Write(at, random.Below(100), 1 + (uint)random.Below(5000)).Apply(stage);
                break;
            case < 60:
                new Close(at, random.Below(100)).Apply(stage);
                break;
            case < 67:
                world.Hosts[a].Install();
                break;
            case < 72:
                world.Hosts[a].Uninstall();
                break;
            case < 76:
                world.Hosts[a].KillDaemon();
                break;
            case < 84:
                world.Hosts[a].StartDaemon();
                break;
            case < 87:
                new TakeOver(at, a, b).Apply(stage);
                break;
            case < 90:
                new GiveBack(at, a).Apply(stage);
                break;
            case < 93:
                new ChangeWeather(at, random.Pick(Weathers)).Apply(stage);
                break;
            case < 97:
                new Forge(at, 1 + random.Below(8)).Apply(stage);
                break;
            default:
                new Replay(at, 1 + random.Below(8)).Apply(stage);
                break;
        }
    }
}
