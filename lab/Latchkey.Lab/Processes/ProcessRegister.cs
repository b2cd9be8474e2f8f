using System.Globalization;

namespace Latchkey.Lab.Processes;

/// <summary>
/// The processes of one run in a file: id and start time, so that an id that was given to another program since is
/// never mistaken for ours.
/// </summary>
public sealed class ProcessRegister(string file)
{
    private readonly Lock _gate = new();

    public void Note(int process)
    {
        if (StartTime(process) is { } started)
        {
            lock (_gate)
            {
                File.AppendAllText(file, $"{process} {started}\n");
            }
        }
    }

    /// <summary>Those of the register's processes that still run.</summary>
    public static IReadOnlyList<int> Running(string file) =>
        !File.Exists(file)
            ? []
            : [.. from line in File.ReadLines(file)
                  let words = line.Split(' ')
                  where words.Length == 2
                  let process = int.Parse(words[0], CultureInfo.InvariantCulture)
                  where StartTime(process) == words[1]
                  select process];

    /// <summary>Field 22 of /proc/PID/stat; null when there is no such process, or only its zombie.</summary>
    private static string? StartTime(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
