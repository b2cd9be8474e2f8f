using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>The story Latchkey exists for, told three times, and what W's application saw, side by side.</summary>
public sealed class Demo(Performance performance)
{
    private readonly DemoAct[] _acts =
    [
        new("Act 1", "Without IPsec", policy: null, told: true),
        new("Act 2", "With Latchkey, on_break = \"wait\": what IPsec alone would do", CastPolicy.Default with { W = CastPolicy.Server(onBreak: "wait") }, told: false),
        new("Act 3", "With Latchkey, on_break = \"close\": the default", CastPolicy.Default, told: true),
    ];

    /// <returns>True when every claim held.</returns>
    public async Task<bool> Tell(CancellationToken cancellation)
    {
        var narrator = performance.Narrator;
        narrator.Plain(
            """
            W is a server, C a client. C is connected to W, and vanishes without a word: it moved, crashed, or lost its link.
            Later D gets C's old address. What does W's application learn, and what does D see of C's connection?
            """);
        List<ScenarioResult> results = [];
        foreach (var act in _acts)
        {
            results.Add(await performance.Give(act, cancellation));
        }

        narrator.Headline("Side by side");
        narrator.Table(["", "W's application was told", "D was sent of C's connection"], _acts.Select(act => new[] { act.Title, act.Seen, act.Leaked }));
        var failed = results.Where(result => !result.Passed).ToList();
        narrator.Plain(failed.Count == 0
            ? "Every claim held. The hosts, captures and programs of this demonstration are gone again."
            : $"Not every claim held: {string.Join("; ", failed.SelectMany(result => result.Checks.Where(check => !check.Passed).Select(check => $"{result.Scenario}: {check.Name}")))}");
        return failed.Count == 0;
    }
}
