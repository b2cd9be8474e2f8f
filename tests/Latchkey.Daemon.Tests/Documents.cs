using System.Text.RegularExpressions;

namespace Latchkey.Daemon.Tests;

/// <summary>The project's documents: their examples are test inputs, so that they cannot rot.</summary>
internal static partial class Documents
{
    public static string Read(string name) => File.ReadAllText(Path.Combine(Root(), "docs", name));

    /// <summary>The fenced blocks of a language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string name, string language) =>
        [.. Fence().Matches(Read(name)).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["text"].Value.TrimEnd('\n'))];

    public static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Latchkey.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside the project");
        }

        return directory.FullName;
    }

    [GeneratedRegex("^```(?<language>[a-z]+)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
