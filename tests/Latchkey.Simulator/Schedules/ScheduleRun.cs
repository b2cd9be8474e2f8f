namespace Latchkey.Simulator;

/// <summary>Plays one schedule from the beginning to the reckoning.</summary>
public static class ScheduleRun
{
    /// <returns>The first violation with what led to it, or null when all was well.</returns>
    public static ScheduleFailure? Play(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        using var world = new World(schedule.World);
        try
        {
            Act(world, schedule);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new ScheduleFailure(e, [.. world.Trace.Lines()]);
        }
    }

    /// <summary>Plays a schedule and returns the end of its trace.</summary>
    public static IReadOnlyList<string> Record(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        using var world = new World(schedule.World);
        Act(world, schedule);
        return [.. world.Trace.Lines()];
    }

    private static void Act(World world, Schedule schedule)
    {
        var stage = new Stage(world);
        foreach (var host in world.Hosts)
        {
            host.Boot();
        }

        foreach (var action in schedule.Actions)
        {
            world.RunFor(action.At - world.Now);
            world.Trace.Add("--", action);
            action.Apply(stage);
        }

        world.RunFor(TimeSpan.FromSeconds(2));
        Reckoning.Hold(world, schedule.NewcomersStay);
    }
}

/// <summary>How a run failed.</summary>
public sealed record ScheduleFailure(Exception Exception, IReadOnlyList<string> Trace);
