namespace Latchkey.Conformance.Tests;

/// <summary>The project's documents.</summary>
internal static class Document
{
    public static string Read(string name) => File.ReadAllText(Path.Combine(Root(), "docs", name));

    /// <summary>A folder of the repository.</summary>
    public static string Folder(string name) => Path.Combine(Root(), name);

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Latchkey.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the tests run outside the project");
        }

        return directory.FullName;
    }
}
