namespace Latchkey.Lab.Daemons;

/// <summary>Where the product under test is: it is the program that this laboratory is part of.</summary>
public static class Product
{
    /// <summary>The beginning of a command line: the executable, or <c>dotnet</c> and the assembly it was given.</summary>
    public static IReadOnlyList<string> Executable { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, Path.GetFullPath(Environment.GetCommandLineArgs()[0])]
            : [Environment.ProcessPath!];
}
