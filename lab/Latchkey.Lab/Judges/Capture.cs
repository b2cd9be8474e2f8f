using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Judges;

/// <summary>Everything that crosses a link, recorded by tcpdump.</summary>
public sealed class Capture
{
    private readonly BackgroundProcess _tcpdump;
    private readonly List<string> _said = [];

    private Capture(string file, BackgroundProcess tcpdump) => (File, _tcpdump) = (file, tcpdump);

    public string File { get; }

    internal static async Task<Capture> Start(NetworkNamespace place, string device, string file, ProcessRegister register)
    {
        string[] arguments = ["tcpdump", "-i", device, "-n", "-U", "--immediate-mode", "-s", "0", "-B", "65536", "-Z", "root", "-w", file];
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Capture? capture = null;
        var tcpdump = BackgroundProcess.Start("tcpdump", place.Inside(arguments), file + ".log", register, p =>
        {
            capture = new Capture(file, p);
            p.ComplaintWritten += line =>
            {
                lock (capture._said)
                {
                    capture._said.Add(line);
                }

                if (line.Contains("listening on", StringComparison.Ordinal))
                {
                    listening.TrySetResult();
                }
            };
        });
        if (await Task.WhenAny(listening.Task, Task.Delay(TimeSpan.FromSeconds(10))) != listening.Task)
        {
            await tcpdump.DisposeAsync();
            throw new LabException($"tcpdump did not start; see {file}.log");
        }

        return capture!;
    }

    /// <summary>Stops recording once everything seen has reached the file.</summary>
    /// <exception cref="LabException">Frames were lost, so that nothing could be proved with the capture.</exception>
    public async Task Stop()
    {
        await Settle();
        await _tcpdump.Stop("INT", TimeSpan.FromSeconds(5));
        await _tcpdump.DisposeAsync();
        lock (_said)
        {
            var lost = _said.Find(line => line.Contains("dropped by kernel", StringComparison.Ordinal));
            if (lost is null || !lost.StartsWith("0 ", StringComparison.Ordinal))
            {
                throw new LabException($"the capture {File} is not whole: {lost ?? "tcpdump did not say what it lost"}");
            }
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
