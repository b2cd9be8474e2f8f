using System.Text.Json;
using System.Xml.Linq;

namespace Latchkey.Conformance.Tests;

/// <summary>What ran, and how it ended: the results that <c>./test</c> collects in a folder.</summary>
public sealed class Evidence
{
    private static readonly string[] Families = ["IPv4", "IPv6"];

    private readonly Dictionary<string, bool> _tests = [];
    private readonly Dictionary<(string Scenario, string Family), bool> _scenarios = [];
    private readonly Dictionary<string, bool> _cases = [];

    /// <summary>
    /// Reads every <c>*.xml</c> (xUnit's own format), every <c>*.jsonl</c> (of <c>latchkey lab run --json</c>) and the file
    /// <c>interop</c> (what <c>./interop</c> printed) in a folder.
    /// </summary>
    public static Evidence Read(string folder)
    {
        var evidence = new Evidence();
        foreach (var file in Directory.EnumerateFiles(folder, "*.xml"))
        {
            evidence.AddTests(XDocument.Load(file));
        }

        foreach (var line in Directory.EnumerateFiles(folder, "*.jsonl").SelectMany(File.ReadLines))
        {
            evidence.AddScenario(line);
        }

        if (Path.Combine(folder, "interop") is var verdicts && File.Exists(verdicts))
        {
            foreach (var line in File.ReadLines(verdicts))
            {
                evidence.AddCase(line);
            }
        }

        return evidence;
    }

    public Evidence AddTests(XDocument results)
    {
        foreach (var test in results.Descendants("test"))
        {
            var method = (string?)test.Attribute("method") ?? throw new FormatException("a result names no test method");
            Add(_tests, method, (string?)test.Attribute("result") == "Pass");
        }

        return this;
    }

    public Evidence AddScenario(string line)
    {
        using var json = JsonDocument.Parse(line);
        var (scenario, family) = (json.RootElement.GetProperty("scenario").GetString()!, json.RootElement.GetProperty("family").GetString()!);
        Add(_scenarios, (scenario, family), json.RootElement.GetProperty("passed").GetBoolean());
        return this;
    }

    /// <param name="line"><c>passed NAME FAMILY …</c>, another verdict, or anything that is none.</param>
    public Evidence AddCase(string line)
    {
        if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["passed" or "limited" or "failed", var name, "IPv4" or "IPv6", ..])
        {
            Add(_cases, name, line.StartsWith("passed", StringComparison.Ordinal));
        }

        return this;
    }

    /// <summary>What keeps a test from being a proof; null: it ran, and every case of it passed.</summary>
    public string? ObjectionToTest(string method) => Objection(_tests, method, method);

    /// <summary>What keeps a scenario from being a proof; null: it was told over both families and passed.</summary>
    public string? ObjectionToScenario(string scenario) =>
        Families.Select(family => Objection(_scenarios, (scenario, family), $"{scenario} over {family}")).FirstOrDefault(objection => objection is not null);

    /// <summary>What keeps a case from being a proof; null: it passed over every family that it has.</summary>
    public string? ObjectionToCase(string name) => Objection(_cases, name, $"interop {name}");

    // A theory is many results of one method, and a method name may occur in two classes: all must have passed.
    private static void Add<T>(Dictionary<T, bool> results, T key, bool passed)
        where T : notnull => results[key] = passed && results.GetValueOrDefault(key, true);

    private static string? Objection<T>(Dictionary<T, bool> results, T key, string name)
        where T : notnull =>
        !results.TryGetValue(key, out var passed) ? $"{name} did not run" : passed ? null : $"{name} did not pass";
}
