using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Judges;

/// <summary>
/// The judge we did not write. Asked about a capture, with or without our exported keys; what it can and cannot do is in
/// <c>docs/decisions/judge-tshark.md</c>.
/// </summary>
/// <param name="capture">The file.</param>
/// <param name="keys">The folder of <c>export_keys</c>; null: look at the wire as a stranger does.</param>
public sealed class Tshark(string capture, string? keys = null)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>
    /// What TCP and UDP carry is random data here. Left to itself tshark guesses protocols into it by port, stumbles over
    /// lengths that were never lengths, and then says nothing about the ESP packet around it.
    /// </summary>
    private static readonly string[] PayloadIsData =
        ["-o", "tcp.desegment_tcp_streams:FALSE", "-d", "tcp.port==1-65535,data", "-d", "udp.port==4501-65535,data"];

    /// <summary>Frames that match a display filter.</summary>
    public async Task<int> Count(string filter) => (await Fields(filter, "frame.number")).Count;

    /// <summary>For every frame that matches, the values of some fields; a field that occurs more than once has its values joined by commas.</summary>
    public async Task<IReadOnlyList<string[]>> Fields(string filter, params IReadOnlyList<string> fields)
    {
        List<string> arguments = ["tshark", "-n", "-r", capture, .. PayloadIsData, "-Y", filter, "-T", "fields", "-E", "separator=/t"];
        arguments.AddRange(fields.SelectMany(field => new[] { "-e", field }));
        var environment = new Dictionary<string, string>();
        if (keys is not null)
        {
            arguments.AddRange(["-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]);
            environment["WIRESHARK_CONFIG_DIR"] = keys;
        }

        var result = await Command.Try(arguments, Limit, environment);
        // A table of keys that it cannot read is only a warning to tshark; to a judge it is a failure.
        if (result.Status != 0 || result.Complaint.Contains("UAT", StringComparison.Ordinal) || result.Complaint.Contains("Error loading table", StringComparison.Ordinal))
        {
            throw new LabException($"tshark could not judge {capture} with '{filter}': {result.Complaint.Trim()}");
        }

        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
    }
}
