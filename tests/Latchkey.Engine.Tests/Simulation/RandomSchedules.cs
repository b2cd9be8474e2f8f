using System.Collections.Concurrent;
using System.Globalization;
using Latchkey.Simulator;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>
/// Thousands of worlds, each with its own hosts, weather, attackers and misfortunes; the invariants of the design are
/// checked after every step of each.
/// </summary>
/// <remarks>
/// <c>LATCHKEY_SCHEDULES</c> says how many (default 10,000), <c>LATCHKEY_FIRST_SEED</c> where to begin.
/// <c>LATCHKEY_SEED</c> plays one seed only, and <c>LATCHKEY_KEEP</c> only some of its actions.
/// </remarks>
public sealed class RandomSchedules
{
    private const string Replay =
        "dotnet run --project tests/Latchkey.Engine.Tests -- -method '*Every_invariant_holds_in_every_random_schedule'";

    [Fact]
    public void Every_invariant_holds_in_every_random_schedule()
    {
        if (Number("LATCHKEY_SEED") is { } seed)
        {
            PlayOne(seed);
            return;
        }

        var first = Number("LATCHKEY_FIRST_SEED") ?? 1;
        var count = (int)(Number("LATCHKEY_SCHEDULES") ?? 10_000);
        var failing = new ConcurrentBag<ulong>();
        Parallel.For(0, count, (i, loop) =>
        {
            if (ScheduleRun.Play(ScheduleGenerator.Generate(first + (ulong)i)) is not null)
            {
                failing.Add(first + (ulong)i);
                if (failing.Count >= 20)
                {
                    loop.Stop();
                }
            }
        });
        if (!failing.IsEmpty)
        {
            var seeds = failing.Order().ToArray();
            Assert.Fail($"{seeds.Length} schedules fail: seeds {string.Join(", ", seeds)}.{Environment.NewLine}{Report(seeds[0])}");
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(101)]
    public void The_same_seed_gives_the_same_run(ulong seed)
    {
        var schedule = ScheduleGenerator.Generate(seed);
        Assert.Equal(ScheduleRun.Record(schedule), ScheduleRun.Record(schedule));
    }

    private static void PlayOne(ulong seed)
    {
        var schedule = ScheduleGenerator.Generate(seed);
        var kept = Environment.GetEnvironmentVariable("LATCHKEY_KEEP") is { Length: > 0 } keep
            ? keep.Split(',').Select(place => int.Parse(place, CultureInfo.InvariantCulture)).ToArray()
            : [.. Enumerable.Range(0, schedule.Actions.Length)];
        if (ScheduleRun.Play(schedule.Keep(kept)) is not null)
        {
            Assert.Fail(FailureReport.Write(seed, kept, Replay, lines: int.MaxValue));
        }
    }

    private static string Report(ulong seed)
    {
        var schedule = ScheduleGenerator.Generate(seed);
        return ScheduleRun.Play(schedule) is { } failure
            ? FailureReport.Write(seed, Shrinker.Shrink(schedule, failure), Replay, lines: 300)
            : $"seed {seed} failed once and not again: the simulator is not deterministic";
    }

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
