using System.Text.Json.Nodes;

namespace Latchkey.Lab.Stories;

/// <summary>The same scenario told many times.</summary>
public sealed record Distribution(IReadOnlyList<ScenarioResult> Results)
{
    public bool Passed => Results.All(result => result.Passed);

    private double[] Times => [.. Results.Select(result => result.TimeToNotice).OfType<double>().Order()];

    /// <summary>The smallest measured time that at least this share of the runs did not exceed.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];

    /// <summary>As one result's JSON; <c>checks</c> are those that failed in some run, and the times are a distribution.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["scenario"] = Results[0].Scenario,
            ["passed"] = Passed,
            ["family"] = Results[0].Family,
            ["seconds"] = Math.Round(Results.Sum(result => result.Seconds), 1),
            ["runs"] = Results.Count,
            ["failed_runs"] = Results.Count(result => !result.Passed),
            ["checks"] = ScenarioResult.ToJson(Results.SelectMany(result => result.Checks).Where(check => !check.Passed)),
        };
        if (Times is { Length: > 0 } times)
        {
            json["time_to_notice_ms"] = new JsonObject
            {
                ["p50"] = Math.Round(Percentile(times, 0.5), 3),
                ["p99"] = Math.Round(Percentile(times, 0.99), 3),
                ["min"] = Math.Round(times[0], 3),
                ["max"] = Math.Round(times[^1], 3),
                ["runs"] = times.Length,
            };
        }

        return json;
    }

    /// <summary>What was told, for people.</summary>
    public string Name => $"{Results[0].Scenario} over {Results[0].Family}";

    /// <summary>How it ended, in one line.</summary>
    public string Verdict
    {
        get
        {
            var runs = Results.Count > 1 ? $", {Results.Count(result => result.Passed)} of {Results.Count} runs passed" : "";
            var notice = Times is { Length: > 1 } times
                ? $"; time to notice: p50 {Percentile(times, 0.5):0.0} ms, p99 {Percentile(times, 0.99):0.0} ms, min {times[0]:0.0} ms, max {times[^1]:0.0} ms"
                : "";
            return $"{Name} {(Passed ? "passed" : "failed")} ({Results.Sum(result => result.Seconds):0.0} s{runs}{notice})";
        }
    }
}
