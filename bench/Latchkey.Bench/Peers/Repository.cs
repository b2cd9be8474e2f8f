namespace Latchkey.Bench.Peers;

internal static class Repository
{
    /// <summary>The folder with the solution, above the one this program lies in.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Latchkey.slnx")) ? folder
        : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("this program lies outside of its repository"));
}
