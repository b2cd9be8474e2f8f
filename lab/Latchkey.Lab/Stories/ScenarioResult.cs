using System.Text.Json.Nodes;

namespace Latchkey.Lab.Stories;

/// <summary>What came of telling a scenario once.</summary>
/// <param name="Family">IPv4 or IPv6.</param>
/// <param name="Seconds">How long it took, from an empty floor to an empty floor.</param>
/// <param name="TimeToNotice">From "the newcomer is there" to the failed call in the application; null where it does not apply.</param>
public sealed record ScenarioResult(string Scenario, string Family, IReadOnlyList<Check> Checks, double? TimeToNotice, double Seconds)
{
    /// <summary>A story without a check proves nothing, so it does not pass.</summary>
    public bool Passed => Checks.Count > 0 && Checks.All(check => check.Passed);

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["scenario"] = Scenario,
            ["passed"] = Passed,
            ["family"] = Family,
            ["seconds"] = Math.Round(Seconds, 1),
            ["checks"] = ToJson(Checks),
        };
        if (TimeToNotice is { } time)
        {
            json["time_to_notice_ms"] = Math.Round(time, 3);
        }

        return json;
    }

    internal static JsonArray ToJson(IEnumerable<Check> checks) =>
        [.. checks.Select(check => (JsonNode)new JsonObject { ["name"] = check.Name, ["passed"] = check.Passed, ["observed"] = check.Observed })];
}
