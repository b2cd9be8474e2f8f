using System.Text.Json;
using Tomlyn;

namespace Latchkey.Interop.Cases;

/// <summary>The cases of a folder, in the order of its files.</summary>
public static class CaseFiles
{
    private static readonly TomlSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IReadOnlyList<InteropCase> Read(string folder)
    {
        var cases = Directory.GetFiles(folder, "*.toml").Order(StringComparer.Ordinal)
            .SelectMany(file => TomlSerializer.Deserialize<CaseFile>(File.ReadAllText(file), Options)!.Case).ToList();
        return cases.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new InvalidDataException($"two cases are named {twice.Key}")
            : cases;
    }

    private sealed record CaseFile
    {
        public required List<InteropCase> Case { get; init; }
    }
}
