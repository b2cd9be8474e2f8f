using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Scenarios;

/// <summary>All scenarios, in the order of the acceptance list.</summary>
public static class Catalog
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new S0WithoutIpsec(),
    ];

    public static Scenario? Find(string id) => All.FirstOrDefault(scenario => string.Equals(scenario.Id, id, StringComparison.OrdinalIgnoreCase));
}
