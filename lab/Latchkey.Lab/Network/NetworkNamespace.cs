using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Network;

/// <summary>A network stack of its own: what makes a host of the laboratory a host.</summary>
public sealed class NetworkNamespace
{
    /// <summary>Every namespace of the laboratory begins so, and nothing else may.</summary>
    public const string Prefix = "lk-";

    private const string Folder = "/run/netns";

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    public static async Task<NetworkNamespace> Create(string run, string host)
    {
        var made = new NetworkNamespace($"{Prefix}{run}-{host}");
        await Command.Run("ip", "netns", "add", made.Name);
        await made.Ip("link", "set", "lo", "up");
        return made;
    }

    /// <summary>Names of the laboratory's namespaces.</summary>
    /// <param name="run">Of this run only; null: of all.</param>
    public static IReadOnlyList<string> All(string? run = null) =>
        Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder, run is null ? $"{Prefix}*" : $"{Prefix}{run}-*").Select(Path.GetFileName).OfType<string>()] : [];

    /// <summary>The run that a namespace belongs to.</summary>
    public static string RunOf(string name) => name.Split('-')[1];

    /// <summary>The command line that runs a program in here.</summary>
    public IReadOnlyList<string> Inside(params IReadOnlyList<string> arguments) => ["ip", "netns", "exec", Name, .. arguments];

    public Task<string> Run(params IReadOnlyList<string> arguments) => Command.Run(Inside(arguments));

    /// <summary><c>ip</c> with this namespace as its subject.</summary>
    public Task<string> Ip(params IReadOnlyList<string> arguments) => Command.Run(["ip", "-n", Name, .. arguments]);

    /// <summary>Sets kernel variables of this namespace, each as <c>name=value</c>.</summary>
    public Task Sysctl(params IReadOnlyList<string> settings) => Run(["sysctl", "-qw", .. settings]);

    /// <summary>Ends what still runs inside, then removes the namespace.</summary>
    public static async Task Remove(string name)
    {
        var inside = await Command.Try(["ip", "netns", "pids", name], Command.DefaultLimit);
        var processes = inside.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (processes.Length > 0)
        {
            await Command.Try(["kill", "-s", "KILL", .. processes], Command.DefaultLimit);
        }

        await Command.Try(["ip", "netns", "del", name], Command.DefaultLimit);
    }
}
