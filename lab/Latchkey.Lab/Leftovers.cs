using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab;

/// <summary>What runs that were killed could not clean up: their processes, namespaces and folders.</summary>
public static class Leftovers
{
    internal const string OwnerFile = "owner";
    internal const string ProcessFile = "processes";

    /// <summary>Removes what belongs to runs whose owner no longer runs. Runs that are under way are left alone.</summary>
    public static async Task Remove()
    {
        foreach (var folder in Directory.Exists(Laboratory.Root) ? Directory.GetDirectories(Laboratory.Root) : [])
        {
            if (IsUnderWay(folder))
            {
                continue;
            }

            foreach (var process in ProcessRegister.Running(Path.Combine(folder, ProcessFile)))
            {
                await Command.Try(["kill", "-s", "KILL", $"{process}"], Command.DefaultLimit);
            }

            // A folder that was kept on purpose has no owner file any more.
            if (File.Exists(Path.Combine(folder, OwnerFile)))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        foreach (var name in NetworkNamespace.All())
        {
            if (!IsUnderWay(Path.Combine(Laboratory.Root, NetworkNamespace.RunOf(name))))
            {
                await NetworkNamespace.Remove(name);
            }
        }
    }

    /// <summary>Gives a folder to whoever asked to keep it; nobody cleans it up.</summary>
    internal static void Release(string folder)
    {
        File.Delete(Path.Combine(folder, OwnerFile));
        File.Delete(Path.Combine(folder, ProcessFile));
    }

    private static bool IsUnderWay(string folder) => ProcessRegister.Running(Path.Combine(folder, OwnerFile)).Count > 0;
}
