namespace Latchkey.Fuzz;

/// <summary>Inputs that are kept: good ones to begin from, and every one that once was a finding.</summary>
public static class Corpus
{
    /// <param name="folder">The folder of all corpora.</param>
    /// <exception cref="DirectoryNotFoundException">The target has none.</exception>
    public static IReadOnlyList<byte[]> Of(FuzzTarget target, string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(folder, target.Name)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
