using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Latchkey.Linux.Nftables;

/// <summary>Runs nft(8): a list of commands goes in as JSON (libnftables-json(5)) and takes effect as one transaction, or not at all.</summary>
internal static class Nft
{
    private static readonly string[] Places = ["/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft", "/usr/bin/nft"];

    /// <summary>Where the program is, or null.</summary>
    public static string? Find() => Array.Find(Places, File.Exists);

    /// <exception cref="LinuxException">nft is missing or refused; the message holds its words.</exception>
    public static void Run(IEnumerable<JsonObject> commands)
    {
        var (status, _, error) = Execute(["-j", "-f", "-"], new JsonObject { ["nftables"] = new JsonArray([.. commands]) }.ToJsonString());
        if (status != 0)
        {
            throw new LinuxException($"nft refused the filter: {error.Trim()}");
        }
    }

    /// <summary>Lists objects, for example <c>counters table inet latchkey</c>; null when there is nothing by that name.</summary>
    public static JsonArray? List(params string[] what)
    {
        var (status, output, _) = Execute(["-j", "list", .. what], input: null);
        try
        {
            return status == 0 ? JsonNode.Parse(output)?["nftables"]?.AsArray() : null;
        }
        catch (JsonException e)
        {
            throw new LinuxException("nft gave an answer that is not JSON", e);
        }
    }

    private static (int Status, string Output, string Error) Execute(string[] arguments, string? input)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Find() ?? "nft", arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (Win32Exception e)
        {
            throw new LinuxException("nft(8) is missing: install the package nftables", e);
        }
    }
}
