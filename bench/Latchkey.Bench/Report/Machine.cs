namespace Latchkey.Bench.Report;

/// <summary>What was measured on; figures of different machines are not to be compared.</summary>
internal sealed record Machine(int Cores, string Processor, string Kernel, string Memory, string Load, string Runtime)
{
    public static Machine Here() => new(
        Environment.ProcessorCount,
        Field("/proc/cpuinfo", "model name"),
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        $"{long.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0]) / (1 << 20)} GiB",
        File.ReadAllText("/proc/loadavg").Split(' ')[0],
        Environment.Version.ToString());

    public override string ToString() => $"{Cores} cores of {Processor}, {Memory}, Linux {Kernel}, .NET {Runtime}; load average at the start {Load}";

    /// <summary>The first <c>name : value</c> of a file of /proc.</summary>
    internal static string Field(string file, string name) =>
        File.ReadLines(file).Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts.Length == 2 && parts[0].Trim() == name)?[1].Trim() ?? "unknown";
}
