using System.Collections.Concurrent;
using Latchkey.Engine;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Simulator;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// Worlds where C and E, each with a tunnel to W, go from address to address, of both families, while D takes the addresses they leave, daemons
/// and hosts restart, and the weather is bad among forgers and replayers. After every step all invariants: no octet of a
/// connection in clear or to somebody else, no latch that changes, nothing in transport mode that moves, and no tunnel that goes
/// where its policy has no place for it.
/// </summary>
public sealed class RandomMoves
{
    private const int Schedules = 300;
    private static readonly NetworkQuality[] Weathers = [NetworkQuality.Perfect, NetworkQuality.Perfect, NetworkQuality.Rough, NetworkQuality.Awful];
    private static readonly InetAddress AtW = InetAddress.Parse("192.0.2.1");
    private static readonly InetAddress AlsoAtW = InetAddress.Parse("2001:db8::1");
    private static readonly InetAddress InsideW = InetAddress.Parse("10.1.0.1");
    private static readonly InetAddress[] Inside = [InetAddress.Parse("10.2.0.1"), InetAddress.Parse("10.3.0.1")];

    /// <summary>Where the mobile hosts are, each other's places among them; W lets nobody be at the last.</summary>
    private static readonly InetAddress[] Places =
        [.. new[] { "192.0.2.2", "192.0.2.3", "198.51.100.1", "198.51.100.2", "2001:db8::2", "203.0.113.9" }.Select(InetAddress.Parse)];

    [Fact]
    public void L12_Every_invariant_holds_whoever_moves_where()
    {
        var failing = new ConcurrentBag<string>();
        var (moved, refused, broken, anew) = (0, 0, 0, 0);
        Parallel.For(1, Schedules + 1, (seed, loop) =>
        {
            using var world = NewWorld((ulong)seed);
            try
            {
                Play(world, (ulong)seed);
                var told = world.Hosts.SelectMany(h => h.Daemon?.Raised ?? []).ToList();
                Interlocked.Add(ref moved, told.Count(e => e.Kind == EventKind.ChannelMoved));
                Interlocked.Add(ref refused, told.Count(e => e.Kind == EventKind.MoveRefused));
                Interlocked.Add(ref anew, told.Count(e => e.Kind == EventKind.IkeSaReauthenticated));
                Interlocked.Add(ref broken, told.Count(e => e.Kind == EventKind.LatchBroken));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failing.Add($"seed {seed}: {e}\n{string.Join('\n', world.Trace.Lines().TakeLast(200))}");
                loop.Stop();
            }
        });

        Assert.True(failing.IsEmpty, failing.FirstOrDefault());
        Assert.True(moved > Schedules / 2 && refused > Schedules / 10 && broken > Schedules / 10 && anew > Schedules / 2, $"the schedules are too dull: {moved} moves, {refused} refused, {broken} latches broken, {anew} proofs made anew");
    }

    private static World NewWorld(ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(3);
        var trust = random.Chance(0.5) ? TrustLevel.Anyone : TrustLevel.Known;
        var known = Enumerable.Range(1, 2).Select(i => new KnownPeer(i == 1 ? "C" : "E", Identities.Fingerprint(i), i == 1 ? [Only(0), Only(2), Only(4), Only(5)] : [Only(1), Only(3)]));
        var direct = Standard.Service with { Local = InetPrefix.Parse("192.0.0.0/8"), Remote = InetPrefix.Parse("192.0.0.0/8") };
        var server = new SecurityPolicy(
            [.. Inside.Select((inside, i) => Tunnel(i, InsideW, inside, AtW, Places[i]) with { Trust = trust, OtherLocal = [AlsoAtW], OtherRemote = [Only(0), Only(1), InetPrefix.Parse("198.51.100.0/24"), Only(4)] }), direct],
            trust == TrustLevel.Known ? [.. known] : []);
        var clients = Inside.Select((inside, i) => new SecurityPolicy([Tunnel(i, inside, InsideW, Places[i], AtW) with { OtherLocal = [.. Places.Where(p => p != Places[i])], OtherRemote = [InetPrefix.Of(AlsoAtW)] }, direct], [])).ToArray();
        return new World(new WorldPlan(
            seed,
            [
                new HostPlan("W", AtW, 0, RunsLatchkey: true, server),
                new HostPlan("C", Inside[0], 1, RunsLatchkey: true, clients[0]),
                new HostPlan("E", Inside[1], 2, RunsLatchkey: true, clients[1], IsForeign: random.Chance(0.3)),
                new HostPlan("D", InetAddress.Parse("192.0.2.4"), 3, RunsLatchkey: true, clients[0]),
            ],
            random.Pick(Weathers),
            Limited(seed, random.Chance(0.3) ? Standard.Engine with { Ike = Standard.Engine.Ike with { ChildLifetime = TimeSpan.FromSeconds(4), IkeLifetime = TimeSpan.FromSeconds(11) } } : Standard.Engine)));
    }

    private static EngineSettings Limited(ulong seed, EngineSettings settings)
    {
        var random = new SimulatedRandom(seed).Fork(5);
        return random.Chance(0.3) ? settings with { Ike = settings.Ike with { AuthenticationLifetime = random.Between(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(40)) } } : settings;
    }

    private static void Play(World world, ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(4);
        var stage = new Stage(world);
        var at = new[] { Places[0], Places[1] };
        foreach (var host in world.Hosts)
        {
            host.Boot();
        }

        world.Host("W").TakeOver(InsideW);
        world.Host("W").TakeOver(AlsoAtW);
        world.Host("C").TakeOver(at[0]);
        world.Host("E").TakeOver(at[1]);
        var pace = random.Pick([200, 2000, 8000]);
        for (var i = 0; i < 40; i++)
        {
            Act(world, stage, random, at);
            world.RunFor(random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(pace)));
        }

        world.RunFor(TimeSpan.FromSeconds(20));
    }

    private static void Act(World world, Stage stage, SimulatedRandom random, InetAddress[] at)
    {
        var who = random.Below(2);
        var (w, mobile, d) = (world.Hosts[0], world.Hosts[1 + who], world.Hosts[3]);
        switch (random.Below(100))
        {
            case < 20:
                (random.Chance(0.6) ? mobile : w).Sockets.Connect(random.Chance(0.6) ? Inside[who] : InsideW, random.Chance(0.6) ? InsideW : Inside[who]);
                break;
            case < 26 when at[who].IsV4:
                mobile.Sockets.Connect(at[who], AtW);
                break;
            case < 45:
                new Write(world.Now, random.Below(100), 1 + (uint)random.Below(5000)).Apply(stage);
                break;
            case < 70:
                var next = random.Pick(Places);
                if (next != at[who])
                {
                    mobile.Move(at[who], next);
                    at[who] = next;
                }

                break;
            case < 78:
                d.TakeOver(random.Pick(Places));
                d.TakeOver(Inside[0]);
                d.Sockets.Connect(Inside[0], InsideW);
                break;
            case < 82:
                d.GiveBack();
                break;
            case < 86:
                new RestartDaemon(world.Now, random.Below(3)).Apply(stage);
                break;
            case < 88:
                mobile.Crash();
                mobile.Boot();
                break;
            case < 91:
                new ChangeWeather(world.Now, random.Pick(Weathers)).Apply(stage);
                break;
            case < 95:
                new Forge(world.Now, 1 + random.Below(8)).Apply(stage);
                break;
            default:
                new Replay(world.Now, 1 + random.Below(8)).Apply(stage);
                break;
        }
    }

    private static ProtectEntry Tunnel(int number, InetAddress local, InetAddress remote, InetAddress here, InetAddress there) => Standard.Service with
    {
        Name = $"tunnel-{number}",
        Local = InetPrefix.Of(local),
        Remote = InetPrefix.Of(remote),
        Tunnel = new AddressPair(here, there) { Moves = true },
    };

    private static InetPrefix Only(int place) => InetPrefix.Of(Places[place]);
}
