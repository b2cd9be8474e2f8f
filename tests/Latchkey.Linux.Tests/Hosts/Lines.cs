using System.Diagnostics;

namespace Latchkey.Linux.Tests.Hosts;

/// <summary>What programs write, line by line. None is waited for without end: a packet that does not come must fail a test, and not hang it.</summary>
internal static class Lines
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <returns>Null when the program has ended.</returns>
    public static string? NextLine(this Process program)
    {
        var line = program.StandardOutput.ReadLineAsync();
        return line.Wait(Limit)
            ? line.Result
            : throw new TimeoutException($"no line within {Limit.TotalSeconds:0} s from: {string.Join(' ', program.StartInfo.ArgumentList)}");
    }
}
