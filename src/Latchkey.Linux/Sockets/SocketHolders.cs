using System.Globalization;

namespace Latchkey.Linux.Sockets;

/// <summary>A process that holds a socket.</summary>
/// <param name="Command">Its name, at most 15 octets (<c>/proc/PID/comm</c>).</param>
public sealed record SocketHolder(int Pid, string Command);

/// <summary>Which processes hold the host's sockets, read from /proc/PID/fd: slow where there are many, so ask only when somebody wants to know.</summary>
public static class SocketHolders
{
    private const string Prefix = "socket:[";

    /// <summary>For each of these sockets the process with the lowest number that holds it; those that no visible process holds are left out.</summary>
    public static IReadOnlyDictionary<uint, SocketHolder> Find(IReadOnlySet<uint> inodes)
    {
        ArgumentNullException.ThrowIfNull(inodes);
        var found = new Dictionary<uint, SocketHolder>();
        foreach (var pid in Processes())
        {
            if (found.Count == inodes.Count)
            {
                break;
            }

            string? command = null;
            foreach (var inode in Sockets(pid).Where(i => inodes.Contains(i) && !found.ContainsKey(i)).Distinct().ToList())
            {
                command ??= Command(pid);
                found.Add(inode, new SocketHolder(pid, command));
            }
        }

        return found;
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid != 0).Order();

    /// <summary>Nothing when the process has ended meanwhile or may not be looked at.</summary>
    private static List<uint> Sockets(int pid)
    {
        var sockets = new List<uint>();
        try
        {
            foreach (var link in Directory.EnumerateFiles($"/proc/{pid}/fd"))
            {
                if (new FileInfo(link).LinkTarget is { } target && target.StartsWith(Prefix, StringComparison.Ordinal)
                    && uint.TryParse(target.AsSpan(Prefix.Length, target.Length - Prefix.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
                {
                    sockets.Add(inode);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return sockets;
        }

        return sockets;
    }

    private static string Command(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
