using System.Diagnostics;

namespace Latchkey.Linux.Tests.Hosts;

/// <summary>Runs programs of the system.</summary>
internal static class Shell
{
    /// <summary>Standard output of a command that must succeed.</summary>
    public static string Run(string command)
    {
        var (status, output, error) = Try(command);
        return status == 0 ? output : throw new InvalidOperationException($"'{command}' ended with {status}: {error}{output}");
    }

    public static (int Status, string Output, string Error) Try(string command)
    {
        using var process = Start(command);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    public static Process Start(string command) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
