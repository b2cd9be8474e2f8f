namespace Latchkey.Bench.Report;

/// <summary>The last section of docs/performance.md, which is measured by itself.</summary>
internal sealed class PageSection(DirectoryInfo folder, string heading)
{
    public string File { get; } = Path.Combine(folder.FullName, "performance.md");

    /// <summary>The section with its heading; empty when there is none.</summary>
    public string Read()
    {
        var page = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "";
        var at = page.IndexOf(heading, StringComparison.Ordinal);
        return at < 0 ? "" : page[at..];
    }

    /// <summary>Puts it behind the rest of the page, in place of the one before.</summary>
    public void Write(string text)
    {
        folder.Create();
        var page = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "";
        var before = page[..(page.Length - Read().Length)].TrimEnd();
        System.IO.File.WriteAllText(File, $"{before}{(before.Length > 0 ? "\n\n" : "")}{heading}\n\n{text.TrimEnd()}\n");
    }
}
