using System.Reflection;
using Latchkey.Interop.Cases;
using Latchkey.Lab.Scenarios;
using Xunit;
using Xunit.v3;

namespace Latchkey.Conformance.Tests;

/// <summary>docs/conformance.md is complete and true: every number has its row, and what a row names exists, ran and passed.</summary>
public class ConformanceTests
{
    /// <summary>Where <c>./test</c> puts the results of everything that ran before this.</summary>
    private const string ResultsVariable = "LATCHKEY_RESULTS";

    private static readonly IReadOnlyList<Requirement> Rows = Requirement.Read(Document.Read("conformance.md"));

    private static readonly IReadOnlySet<string> Scenarios = Catalog.All.Select(scenario => scenario.Id).ToHashSet();

    [Fact]
    public void Every_number_of_the_checklists_and_every_scenario_has_one_row() => Assert.Empty(Findings.OfNumbers(Rows, Checklist.Numbers.Union(Scenarios)));

    [Fact]
    public void Every_row_names_its_proof_or_says_why_it_needs_none() => Assert.Empty(Findings.OfProofs(Rows, OpenRequirements.Numbers));

    [Fact]
    public void Every_test_and_scenario_that_is_named_exists() => Assert.Empty(Findings.OfNames(Rows, TestMethods(), Scenarios, ShortCases()));

    [Fact]
    public void Every_test_and_scenario_that_is_named_ran_and_passed()
    {
        var results = Environment.GetEnvironmentVariable(ResultsVariable);
        if (results is null)
        {
            Assert.Skip($"run by itself this test does not know what else ran; ./test gives it the results in {ResultsVariable}");
        }

        Assert.Empty(Findings.OfResults(Rows, Evidence.Read(results)));
    }

    /// <summary>All test methods of all test projects, which lie beside this one because it references them.</summary>
    private static HashSet<string> TestMethods()
    {
        var assemblies = Directory.EnumerateFiles(AppContext.BaseDirectory, "Latchkey.*.Tests.dll").Select(Assembly.LoadFrom);
        return [.. assemblies.SelectMany(assembly => assembly.GetTypes()).SelectMany(type => type.GetMethods()).Where(IsTest).Select(method => method.Name)];
    }

    private static HashSet<string> ShortCases() => [.. CaseFiles.Read(Document.Folder("tests/interop/cases")).Where(work => work.Short).Select(work => work.Name)];

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes().Any(attribute => attribute is IFactAttribute);
}
