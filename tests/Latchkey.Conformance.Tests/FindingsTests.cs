using System.Xml.Linq;
using Xunit;

namespace Latchkey.Conformance.Tests;

/// <summary>The judge of the document is judged: what it is there to find, it finds.</summary>
public class FindingsTests
{
    private const string Sample = """
        | | What | Where | Proof |
        |---|---|---|---|
        | L1 | bound | `Channels` | `A_test`, `lab S3` and more |
        | L2 | told | | not yet |
        | L3 | tunnels | | does not apply: there are no tunnels here |

        | | What | Proof |
        |---|---|---|
        | S3 | the point | `lab S3` |
        """;

    private static readonly IReadOnlyList<Requirement> Rows = Requirement.Read(Sample);

    private static readonly HashSet<string> Tests = ["A_test"];

    private static readonly HashSet<string> Scenarios = ["S3"];

    private static readonly HashSet<string> Cases = ["psk"];

    [Fact]
    public void A_row_is_its_number_and_its_last_column()
    {
        Assert.Equal(["L1", "L2", "L3", "S3"], Rows.Select(row => row.Number));
        Assert.Equal(["A_test"], Rows[0].Tests);
        Assert.Equal(["S3"], Rows[0].Scenarios);
        Assert.True(Rows[1].IsOpen);
        Assert.True(Rows[2].DoesNotApply);
    }

    [Fact]
    public void A_number_without_a_row_is_found_and_one_with_two_as_well()
    {
        Assert.Equal(["L4 has no row"], Findings.OfNumbers(Rows, ["L1", "L4"]));
        Assert.Equal(["L1 has 2 rows"], Findings.OfNumbers([.. Rows, Rows[0]], ["L1"]));
    }

    [Fact]
    public void A_row_that_says_not_yet_is_found_unless_it_is_known_to_be_open()
    {
        Assert.Equal(["L2 is not met yet"], Findings.OfProofs(Rows, []));
        Assert.Empty(Findings.OfProofs(Rows, ["L2"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("the README says so")]
    [InlineData("does not apply")]
    [InlineData("does not apply: so")]
    public void A_row_without_proof_or_reason_is_found(string proof) => Assert.Single(Findings.OfProofs([new Requirement("L9", proof)], []));

    [Fact]
    public void A_proof_that_does_not_exist_is_found()
    {
        Assert.Empty(Findings.OfNames(Rows, Tests, Scenarios, Cases));
        Assert.Equal(
            ["L9: there is no test No_such_test", "L9: there is no scenario S99", "L9: the short form of ./interop has no case no-such-case"],
            Findings.OfNames([new Requirement("L9", "`No_such_test`, `lab S99`, `interop no-such-case`")], Tests, Scenarios, Cases));
    }

    [Fact]
    public void Proofs_that_ran_and_passed_are_enough() => Assert.Empty(Findings.OfResults(Rows, Results(("A_test", "Pass")).AddScenario(Told("IPv4", true)).AddScenario(Told("IPv6", true))));

    [Fact]
    public void A_test_that_did_not_run_or_was_skipped_or_failed_in_one_case_is_found()
    {
        IReadOnlyList<Requirement> row = [new Requirement("L1", "`A_test`")];
        Assert.Equal(["L1: A_test did not run"], Findings.OfResults(row, new Evidence()));
        Assert.Equal(["L1: A_test did not pass"], Findings.OfResults(row, Results(("A_test", "Skip"))));
        Assert.Equal(["L1: A_test did not pass"], Findings.OfResults(row, Results(("A_test", "Pass"), ("A_test", "Fail"), ("A_test", "Pass"))));
    }

    [Fact]
    public void A_scenario_must_have_passed_over_both_families()
    {
        IReadOnlyList<Requirement> row = [new Requirement("S3", "`lab S3`")];
        Assert.Equal(["S3: S3 over IPv6 did not run"], Findings.OfResults(row, new Evidence().AddScenario(Told("IPv4", true))));
        Assert.Equal(["S3: S3 over IPv4 did not pass"], Findings.OfResults(row, new Evidence().AddScenario(Told("IPv4", false)).AddScenario(Told("IPv6", true))));
    }

    [Fact]
    public void A_case_with_another_implementation_must_have_passed_over_every_family_it_has()
    {
        IReadOnlyList<Requirement> row = [new Requirement("L1", "`interop psk`")];
        Assert.Empty(Findings.OfProofs(row, []));
        Assert.Empty(Findings.OfNames(row, Tests, Scenarios, Cases));
        Assert.Empty(Findings.OfResults(row, new Evidence().AddCase("passed   psk                          IPv4    9.2 s")));
        Assert.Equal(["L1: interop psk did not run"], Findings.OfResults(row, new Evidence().AddCase("1 passed, 0 limited by the peer, 0 failed")));
        Assert.Equal(["L1: interop psk did not pass"], Findings.OfResults(row, new Evidence().AddCase("passed psk IPv4 1 s").AddCase("limited psk IPv6 1 s it cannot")));
    }

    private static Evidence Results(params (string Method, string Result)[] tests) =>
        new Evidence().AddTests(new XDocument(new XElement("assemblies", tests.Select(test => new XElement("test", new XAttribute("method", test.Method), new XAttribute("result", test.Result))))));

    private static string Told(string family, bool passed) => $$"""{"scenario":"S3","passed":{{(passed ? "true" : "false")}},"family":"{{family}}","checks":[]}""";
}
