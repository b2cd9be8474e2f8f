using System.Diagnostics;

namespace Latchkey.Lab.Processes;

/// <summary>A program that runs to its end, bounded in time.</summary>
public static class Command
{
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(20);

    /// <summary>Runs a program that must succeed.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="LabException">It ended with another status than 0, or not in time.</exception>
    public static async Task<string> Run(params IReadOnlyList<string> arguments)
    {
        var result = await Try(arguments, DefaultLimit);
        return result.Status == 0
            ? result.Output
            : throw new LabException($"'{string.Join(' ', arguments)}' ended with status {result.Status}: {result.Complaint.Trim()}");
    }

    /// <summary>Runs a program and hands back whatever became of it; status 124 means that the time was up.</summary>
    public static async Task<CommandResult> Try(
        IReadOnlyList<string> arguments, TimeSpan limit, IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancellation = default)
    {
        using var process = new Process { StartInfo = StartInfo(arguments, environment) };
        process.Start();
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var complaint = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return new CommandResult(124, await output, $"not finished after {limit.TotalSeconds:0} s");
        }

        return new CommandResult(process.ExitCode, await output, await complaint);
    }

    internal static ProcessStartInfo StartInfo(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var info = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["LC_ALL"] = "C";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        return info;
    }
}

/// <param name="Complaint">Standard error.</param>
public sealed record CommandResult(int Status, string Output, string Complaint);
