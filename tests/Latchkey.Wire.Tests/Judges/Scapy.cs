using System.Diagnostics;
using Xunit;

namespace Latchkey.Judges;

/// <summary>Scapy, an independent implementation of the packet formats, as a judge.</summary>
internal static class Scapy
{
    private static readonly Lazy<string?> Interpreter = new(FindInterpreter);

    /// <summary>Runs a script that has scapy's names, and gives the lines it prints.</summary>
    /// <remarks>Skips the test when there is no scapy on this machine.</remarks>
    public static string[] Run(string script)
    {
        Assert.SkipUnless(Interpreter.Value is not null, "python3 with scapy is not installed (Debian: python3-scapy, python3-cryptography)");
        var (status, output, error) = Start(Interpreter.Value!, "from scapy.all import *\nfrom scapy.layers.ipsec import *\n" + script);
        Assert.True(status == 0, $"the scapy script failed: {error}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static string? FindInterpreter()
    {
        // A python3 put in front of Debian's does not see Debian's packages.
        foreach (var candidate in new[] { "/usr/bin/python3", "python3" })
        {
            try
            {
                if (Start(candidate, "import scapy.layers.ipsec, cryptography").Status == 0)
                {
                    return candidate;
                }
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // No such program: the next candidate.
            }
        }

        return null;
    }

    private static (int Status, string Output, string Error) Start(string interpreter, string script)
    {
        using var process = Process.Start(new ProcessStartInfo(interpreter, "-")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(script);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
