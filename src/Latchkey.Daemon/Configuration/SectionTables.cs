using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>The sections of a file by name; a section that may stand once and is missing is an empty one.</summary>
internal sealed record SectionTables(
    TomlSection Daemon, TomlSection Identity, TomlSection Ike, TomlSection Debug, IReadOnlyList<TomlSection> Protect, IReadOnlyList<TomlSection> Peers)
{
    private static readonly string[] Singles = ["daemon", "identity", "ike", "debug"];
    private static readonly string[] Lists = ["protect", "peer"];

    public static SectionTables Collect(DocumentSyntax document, FindingList findings)
    {
        foreach (var pair in document.KeyValues)
        {
            findings.Error(pair, $"'{TomlSection.NameOf(pair.Key)}' stands in no section", "move it below a header such as [daemon]");
        }

        var singles = new Dictionary<string, TomlSection>(StringComparer.Ordinal);
        var lists = Lists.ToDictionary(name => name, _ => new List<TomlSection>(), StringComparer.Ordinal);
        foreach (var table in document.Tables)
        {
            var name = TomlSection.NameOf(table.Name);
            var isList = table is TableArraySyntax;
            var title = isList ? $"[[{name}]]" : $"[{name}]";
            if (isList && lists.TryGetValue(name, out var list))
            {
                list.Add(new TomlSection(title, table, findings));
            }
            else if (!isList && Singles.Contains(name))
            {
                if (!singles.TryAdd(name, new TomlSection(title, table, findings)))
                {
                    findings.Error(table, $"{title} stands twice; the first is on line {singles[name].Start.Line + 1}", "put its keys together under one header");
                }
            }
            else
            {
                findings.Error(table, $"there is no section {title}", Remedy(name, isList));
            }
        }

        TomlSection Single(string name) => singles.GetValueOrDefault(name) ?? new TomlSection($"[{name}]", null, findings);
        return new(Single("daemon"), Single("identity"), Single("ike"), Single("debug"), lists["protect"], lists["peer"]);
    }

    private static string Remedy(string name, bool isList) =>
        isList && Singles.Contains(name) ? $"write [{name}]; it stands once"
        : !isList && Lists.Contains(name) ? $"write [[{name}]]; there may be many"
        : NearestWord.To(name, Singles.Concat(Lists)) is { } near ? $"did you mean '{near}'?"
        : "the sections are [daemon], [identity], [ike], [debug], [[protect]] and [[peer]]";
}
