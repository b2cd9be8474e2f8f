using System.Text.RegularExpressions;
using Xunit;

namespace Latchkey.Conformance.Tests;

/// <summary>Pages name other pages, and comments name pages; each of them must be there.</summary>
public partial class PageReferenceTests
{
    private static readonly string[] Folders = ["docs", "src", "lab", "packaging"];

    private static readonly string[] Endings = [".md", ".cs", ".csproj", ".service"];

    /// <summary>Where a page is looked for, beside the folder of whoever names it.</summary>
    private static readonly string[] Places = ["", "docs", "docs/decisions"];

    [Fact]
    public void Every_page_that_is_named_exists() => Assert.Empty(Files().SelectMany(Missing));

    [Fact]
    public void Every_page_is_in_the_list_of_pages()
    {
        var list = Document.Read("README.md");
        var docs = Document.Folder("docs");
        var pages = Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories).Select(page => Path.GetRelativePath(docs, page));

        Assert.DoesNotContain(pages, page => page != "README.md" && !list.Contains($"]({page})", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Files() =>
    [
        Document.Folder("README.md"),
        .. Folders.SelectMany(folder => Directory.EnumerateFiles(Document.Folder(folder), "*", SearchOption.AllDirectories))
            .Where(file => Endings.Contains(Path.GetExtension(file)) && !file.Split('/').Any(part => part is "bin" or "obj")),
    ];

    private static IEnumerable<string> Missing(string file)
    {
        string[] places = [.. Places.Select(Document.Folder), Path.GetDirectoryName(file)!];
        return Page().Matches(File.ReadAllText(file)).Select(match => match.Value)
            .Where(page => !Array.Exists(places, place => File.Exists(Path.Combine(place, page)))).Select(page => $"{file} names {page}");
    }

    [GeneratedRegex(@"[\w./-]+\.md\b")]
    private static partial Regex Page();
}
