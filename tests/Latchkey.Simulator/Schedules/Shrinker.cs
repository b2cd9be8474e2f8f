namespace Latchkey.Simulator;

/// <summary>Leaves actions out of a failing schedule as long as it fails in the same way.</summary>
public static class Shrinker
{
    /// <summary>Runs at most; a smaller schedule is a convenience, not worth minutes.</summary>
    private const int RunsMaximum = 300;

    /// <returns>The places of the actions that are needed.</returns>
    public static IReadOnlyList<int> Shrink(Schedule schedule, ScheduleFailure failure)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(failure);
        var places = Enumerable.Range(0, schedule.Actions.Length).ToList();
        var runs = 0;
        for (var chunk = Math.Max(1, places.Count / 2); ; chunk = Math.Max(1, chunk / 2))
        {
            var smaller = false;
            for (var start = 0; start < places.Count && runs < RunsMaximum; runs++)
            {
                var attempt = places.Where((_, i) => i < start || i >= start + chunk).ToList();
                if (FailsAlike(schedule.Keep(attempt), failure))
                {
                    places = attempt;
                    smaller = true;
                }
                else
                {
                    start += chunk;
                }
            }

            if (runs >= RunsMaximum || (chunk == 1 && !smaller))
            {
                return places;
            }
        }
    }

    private static bool FailsAlike(Schedule schedule, ScheduleFailure failure) =>
        ScheduleRun.Play(schedule) is { } other && KindOf(other) == KindOf(failure);

    private static string KindOf(ScheduleFailure failure) =>
        (failure.Exception as InvariantViolatedException)?.Invariant ?? failure.Exception.GetType().Name;
}
