namespace Latchkey.Conformance.Tests;

/// <summary>What is wrong with a list of requirements, in sentences for a person.</summary>
public static class Findings
{
    /// <summary>Numbers without a row, and numbers with two.</summary>
    public static IEnumerable<string> OfNumbers(IReadOnlyList<Requirement> rows, IEnumerable<string> required) =>
        required.Except(rows.Select(row => row.Number)).Select(number => $"{number} has no row")
            .Concat(rows.CountBy(row => row.Number).Where(row => row.Value > 1).Select(row => $"{row.Key} has {row.Value} rows"));

    /// <summary>Rows that neither name a proof nor say why they need none, and those that say "not yet".</summary>
    /// <param name="open">Numbers that may still say "not yet".</param>
    public static IEnumerable<string> OfProofs(IReadOnlyList<Requirement> rows, IReadOnlyCollection<string> open)
    {
        foreach (var row in rows)
        {
            if (row.IsOpen && !open.Contains(row.Number))
            {
                yield return $"{row.Number} is not met yet";
            }
            else if (!row.IsOpen && !row.DoesNotApply && row.Tests.Count + row.Scenarios.Count + row.Cases.Count == 0)
            {
                yield return $"{row.Number} names neither a test nor a scenario, and does not say 'does not apply:' with the reason";
            }
        }
    }

    /// <summary>Proofs that do not exist.</summary>
    /// <param name="cases">Those of the short form: the others do not run in <c>./test</c>.</param>
    public static IEnumerable<string> OfNames(IReadOnlyList<Requirement> rows, IReadOnlySet<string> tests, IReadOnlySet<string> scenarios, IReadOnlySet<string> cases) =>
        rows.SelectMany(row =>
            row.Tests.Where(test => !tests.Contains(test)).Select(test => $"{row.Number}: there is no test {test}")
                .Concat(row.Scenarios.Where(scenario => !scenarios.Contains(scenario)).Select(scenario => $"{row.Number}: there is no scenario {scenario}"))
                .Concat(row.Cases.Where(work => !cases.Contains(work)).Select(work => $"{row.Number}: the short form of ./interop has no case {work}")));

    /// <summary>Proofs that did not run, or ran and failed.</summary>
    public static IEnumerable<string> OfResults(IReadOnlyList<Requirement> rows, Evidence evidence) =>
        rows.SelectMany(row => row.Tests.Select(evidence.ObjectionToTest).Concat(row.Scenarios.Select(evidence.ObjectionToScenario)).Concat(row.Cases.Select(evidence.ObjectionToCase))
            .OfType<string>().Select(objection => $"{row.Number}: {objection}"));
}
