using Latchkey.Lab.Stories;
using Xunit;

namespace Latchkey.Conformance.Tests;

public class ScenarioResultTests
{
    [Fact]
    public void The_result_of_a_scenario_is_written_as_the_document_shows()
    {
        var result = new ScenarioResult(
            "S0", "IPv4", [new Check("W's application gets ECONNRESET", Passed: true, "ECONNRESET from recv() after 12.1 ms")], TimeToNotice: 12.1042, Seconds: 1.52);

        Assert.Contains(result.ToJson().ToJsonString(), Document.Read("json.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_story_without_a_check_proves_nothing() => Assert.False(new ScenarioResult("S0", "IPv4", [], null, 1).Passed);
}
