using System.Collections.Immutable;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>Makes a schedule from a seed. Most are short; every tenth is long.</summary>
public static class ScheduleGenerator
{
    private static readonly string[] Names = ["W", "C", "D", "E", "F"];
    private static readonly NetworkQuality[] Weathers = [NetworkQuality.Perfect, NetworkQuality.Perfect, NetworkQuality.Rough, NetworkQuality.Awful];

    public static Schedule Generate(ulong seed)
    {
        var random = new SimulatedRandom(seed).Fork(7);
        var hosts = 2 + random.Below(random.Chance(0.2) ? 4 : 2);
        var count = random.Chance(0.1) ? 30 + random.Below(40) : 4 + random.Below(14);
        var pace = random.Pick([50, 500, 5000]);
        var addresses = Addresses(random, hosts);
        var nat = Nat(seed, addresses);
        InetAddress[] seen = nat is { } translated ? [addresses[0], .. addresses.Skip(1).Select(_ => translated.Address)] : addresses;
        var actions = ImmutableArray.CreateBuilder<ScheduledAction>();
        var at = TimeSpan.Zero;
        // Nothing interesting happens to hosts that have nothing to do with each other.
        actions.Add(new Connect(at, 1, 0, FromTaken: false));
        actions.Add(new Write(at, 0, 1 + (uint)random.Below(5000)));
        for (var i = 0; i < count; i++)
        {
            at += random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(2 * pace));
            actions.Add(Action(random, at, seen));
        }

        var world = World(seed, random, addresses, seen) with { Nat = nat };
        return LeapOfFaith.Take(new Schedule(world, actions.ToImmutable(), NewcomersStay: random.Chance(0.5)), seed);
    }

    private static InetAddress[] Addresses(SimulatedRandom random, int hosts)
    {
        var v6 = random.Chance(0.3);
        return [.. Enumerable.Range(1, hosts).Select(i => InetAddress.Parse(v6 ? $"2001:db8::{i}" : $"192.0.2.{i}"))];
    }

    private static ScheduledAction Action(SimulatedRandom random, TimeSpan at, InetAddress[] seen)
    {
        var (a, b) = (random.Below(seen.Length), random.Below(seen.Length));
        return random.Below(100) switch
        {
            < 18 => new Connect(at, a, b, random.Chance(0.7)),
            < 36 => new Write(at, random.Below(100), 1 + (uint)random.Below(20_000)),
            < 39 => new Close(at, random.Below(100)),
            < 41 => new ChangePolicy(at, a, random.Chance(0.2) ? SecurityPolicy.Empty : Policy(random, seen)),
            < 44 => new Unplug(at, a),
            < 49 => new PlugIn(at, a),
            < 52 => new RestartDaemon(at, a),
            < 60 => new TakeOver(at, a, b),
            < 63 => new GiveBack(at, a),
            < 67 => new Crash(at, a),
            < 73 => new Boot(at, a),
            < 74 => new KillDaemon(at, a),
            < 75 => new StopDaemon(at, a),
            < 77 => new StartDaemon(at, a),
            < 80 => new Partition(at, a, b),
            < 82 => new HealPartitions(at),
            < 83 => random.Chance(0.3) ? new DamageJournal(at, a) : new FillJournal(at, a, random.Chance(0.4)),
            < 86 => new ChangeWeather(at, random.Pick(Weathers)),
            < 90 => new WearOutSa(at, a, random.Below(100)),
            < 91 => new CloseLatch(at, a, random.Below(100)),
            < 96 => new Forge(at, 1 + random.Below(8)),
            _ => new Replay(at, 1 + random.Below(8)),
        };
    }

    private static WorldPlan World(ulong seed, SimulatedRandom random, InetAddress[] addresses, InetAddress[] seen)
    {
        var policy = Policy(random, seen);
        var foreign = new SimulatedRandom(seed).Fork(9);
        var plans = addresses.Select((address, i) => new HostPlan(Names[i], address, i, i < 2 || random.Chance(0.85), policy, IsForeign: foreign.Chance(0.2)));
        return new WorldPlan(seed, [.. plans], random.Pick(Weathers), Limited(seed, Settings(random)));
    }

    // In one world of seven all but the first host share a public address.
    private static (InetAddress Address, ImmutableArray<InetAddress> Inside)? Nat(ulong seed, InetAddress[] addresses) => new SimulatedRandom(seed).Fork(8).Chance(0.15)
        ? (InetAddress.Parse(addresses[0].IsV4 ? "198.51.100.99" : "2001:db8:1::99"), [.. addresses.Skip(1)])
        : null;

    private static SecurityPolicy Policy(SimulatedRandom random, InetAddress[] seen)
    {
        var trust = random.Chance(0.7) ? TrustLevel.Anyone : TrustLevel.Known;
        var entry = Standard.Service with
        {
            Trust = trust,
            OnBreak = random.Chance(0.8) ? null : Disposition.Wait,
            OnPolicyChange = random.Chance(0.7) ? PolicyChangeReaction.Break : PolicyChangeReaction.Keep,
        };
        var known = Enumerable.Range(0, seen.Length).Where(_ => trust == TrustLevel.Known || random.Chance(0.2));
        return Standard.Policy(entry, [.. known.Select(i => Standard.Known(Names[i], i, seen[i]))]);
    }

    // A third of the worlds live so fast that SAs are rekeyed and expire all the time.
    private static EngineSettings Settings(SimulatedRandom random) => random.Chance(0.33)
        ? Standard.Engine with
        {
            Ike = Standard.Engine.Ike with
            {
                ChildLifetime = random.Between(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)),
                IkeLifetime = random.Between(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(40)),
            },
        }
        : Standard.Engine;

    // In a quarter of them everybody has to prove himself anew every now and then.
    private static EngineSettings Limited(ulong seed, EngineSettings settings)
    {
        var random = new SimulatedRandom(seed).Fork(10);
        return random.Chance(0.25)
            ? settings with { Ike = settings.Ike with { AuthenticationLifetime = random.Between(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60)) } }
            : settings;
    }
}
