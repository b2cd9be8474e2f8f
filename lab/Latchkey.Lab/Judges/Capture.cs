using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Judges;

/// <summary>Everything that crosses a link, recorded by tcpdump.</summary>
public sealed class Capture
{
    /// <summary>
    /// A super-segment with its headers. Each frame takes as much of the kernel's ring, whatever its length, so that four times as
    /// many find room as with tcpdump's own limit.
    /// </summary>
    private const string LargestFrame = "65600";

    private readonly BackgroundProcess _tcpdump;
    private readonly Sightings<string> _said;

    private Capture(string file, BackgroundProcess tcpdump, Sightings<string> said) => (File, _tcpdump, _said) = (file, tcpdump, said);

    public string File { get; }

    /// <param name="place">Where the device is.</param>
    /// <param name="only">A filter in tcpdump's language; null: everything.</param>
    internal static async Task<Capture> Start(Laboratory laboratory, NetworkNamespace place, string device, string file, string? only)
    {
        IReadOnlyList<string> filter = only is null ? [] : [only];

        // It must see all, also what threads with precedence send.
        var arguments = place.Inside(["nice", "-n", "-20", "tcpdump", "-i", device, "-n", "-U", "--immediate-mode", "-s", LargestFrame, "-B", "131072", "-Z", "root", "-w", file, .. filter]);
        var said = new Sightings<string>(laboratory.Cancellation);
        var tcpdump = BackgroundProcess.Start("tcpdump", arguments, file + ".log", laboratory.Processes, p => p.ComplaintWritten += said.Add);
        if (await said.Wait(line => line.Contains("listening on", StringComparison.Ordinal), TimeSpan.FromSeconds(10)) is null)
        {
            await tcpdump.DisposeAsync();
            throw new LabException($"tcpdump did not start; see {file}.log");
        }

        return new Capture(file, tcpdump, said);
    }

    /// <summary>Stops recording once everything seen has reached the file.</summary>
    /// <exception cref="LabException">Frames were lost, so that nothing could be proved with the capture.</exception>
    public async Task Stop()
    {
        await Settle();
        await _tcpdump.Stop("INT", TimeSpan.FromSeconds(5));
        var lost = await _said.Wait(line => line.Contains("dropped by kernel", StringComparison.Ordinal), TimeSpan.FromSeconds(2));
        await _tcpdump.DisposeAsync();
        if (lost is null || !lost.StartsWith("0 ", StringComparison.Ordinal))
        {
            throw new LabException($"the capture {File} is not whole: {lost ?? "tcpdump did not say what it lost"}");
        }
    }

    // tcpdump ends on a signal without reading what the kernel still holds, so its file must first have come to rest.
    private async Task Settle()
    {
        for (long before = -1, size = 0, rounds = 0; size != before && rounds < 50; rounds++)
        {
            before = size;
            await Task.Delay(100);
            size = new FileInfo(File).Length;
        }
    }
}
